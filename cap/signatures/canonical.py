"""Brings what was signed into the canonical form of the standard, where lxml's and signxml's own differ from it."""

from typing import Any, Final

from signxml.algorithms import CanonicalizationMethod
from signxml.verifier import XMLVerifier

_XML: Final = "{http://www.w3.org/XML/1998/namespace}"
_INHERITED: Final = (
    f"{_XML}lang",
    f"{_XML}space",
)  # by both inclusive forms; the exclusive one inherits nothing


class Verifier(XMLVerifier):
    """A verifier that canonicalises each node as a document of its own, with all that it inherits.

    Of an element inside a tree that takes its default namespace from an ancestor, lxml writes `xmlns=""` at each
    grandchild: no `SignedInfo` without a prefix verified with an inclusive form (C14N 1.0, 1.1). And where a reference
    means the whole document, signxml leaves out the processing instructions before and behind the root element.
    """

    _inherited: dict[str, str]

    def get_root(self, data: Any) -> Any:
        """Notes what a `SignedInfo` inherits of the alert around it."""
        root = super().get_root(data)  # type: ignore[no-untyped-call]  # signxml's
        self._inherited = {name: root.get(name) for name in _INHERITED if name in root.attrib}
        return root

    def _tostring(self, xml_node: Any, **kwargs: Any) -> Any:
        """Writes an element with all namespaces in scope, a root element with what stands beside it."""
        whole = xml_node.getroottree() if xml_node.getparent() is None else xml_node
        return super()._tostring(whole, with_tail=False, **kwargs)  # type: ignore[no-untyped-call]

    def _c14n(
        self, nodes: Any, algorithm: CanonicalizationMethod, inclusive_ns_prefixes: Any = None
    ) -> bytes:
        own = super()._fromstring(self._tostring(nodes))  # type: ignore[no-untyped-call]
        if nodes.getparent() is not None and "xml-exc-c14n" not in algorithm.value:
            for name, value in self._inherited.items():
                own.set(name, value)
        written: bytes = super()._c14n(own.getroottree(), algorithm, inclusive_ns_prefixes)
        return written
