"""Let the Firebase projects of apps be sent for, from soon after their service accounts are on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from channels.fcm.projects import Project
from channels.fcm.service_account import service_account
from dispatcher.apps.own_credentials import INTERVAL_S, OwnCredentials

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from channels.fcm.projects import Projects
    from channels.http.addresses import AddressPolicy
    from dispatcher.model.principals import ChannelCredential


class OwnProject(NamedTuple):
    """A project with a service account, and whether that is its app's newest."""

    project: Project
    is_newest: bool


class OwnProjects(OwnCredentials[OwnProject]):
    """Runs beside the lanes of a worker. An account that was replaced goes on for a project that has no newer one: the
    phones of an app that moves to another project are told until they have registered there.
    """

    task = "own_projects"
    unusable = "own_project_unusable"

    def __init__(
        self,
        projects: Projects,
        opened: Callable[[], Awaitable[Sequence[tuple[ChannelCredential, bytes]]]],
        url: str,
        policy: AddressPolicy,
        interval_s: float = INTERVAL_S,
    ) -> None:
        """`opened` returns what is on record, each with its key file; `url` is where FCM is; `policy` says where token
        services may lie.
        """
        super().__init__(opened, interval_s)
        self._projects = projects
        self._url = url
        self._policy = policy

    def _key(self, credential: ChannelCredential) -> tuple[str, str]:
        return credential.fingerprint, "newest" if credential.replaced_at is None else "replaced"

    def _make(self, credential: ChannelCredential, plain: bytes) -> OwnProject:
        account = service_account(plain, self._policy, is_checked=True)
        return OwnProject(Project(account, self._url), credential.replaced_at is None)

    def _admit(self, made: Sequence[OwnProject]) -> None:
        self._projects.admit(one.project for one in sorted(made, key=lambda one: one.is_newest))
