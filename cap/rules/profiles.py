"""The rules for messages that follow a national or agency profile; `cap.profiles` says which do."""

from typing import Final

from cap.findings import Level
from cap.rules.rule import Rule

E, W, I = Level.ERROR, Level.WARNING, Level.INFO  # noqa: E741 - the table's column heads

# fmt: off
PROFILES: Final = (
    Rule("profile-element", E, W, "the profile that the message follows",
         "The profile requires {}.",
         "Das Profil verlangt {}."),
    Rule("profile-event-code", E, W, "the profile that the message follows",
         "The profile requires exactly one eventCode {}.",
         "Das Profil verlangt genau einen eventCode {}."),
    Rule("profile-geocode", W, I, "the profile that the message follows",
         "The profile expects a geocode {} in every area.",
         "Das Profil erwartet in jedem Gebiet einen geocode {}."),
    Rule("profile-parameter", E, W, "the profile that the message follows",
         "The profile requires the parameter {}.",
         "Das Profil verlangt den Parameter {}."),
    Rule("profile-infos-differ", E, W, "IPAWS profile",
         "All infos must share category and eventCode.",
         "Alle info müssen category und eventCode gemeinsam haben."),
)
# fmt: on
