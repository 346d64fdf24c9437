"""Hold every sentence of the console, in German with its English twin. No sentence is built elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES: Final = ("de", "en")


@dataclass(frozen=True, slots=True)
class Twin:
    """A sentence in both languages. `{name}` stands for what a page puts there."""

    de: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the sentence in `de` or `en`."""
        return self.en if language == "en" else self.de


WORDS: Final[Mapping[str, Twin]] = MappingProxyType(
    {
        "console": Twin("Warndienst", "Warning service"),
        "live": Twin("ECHTBETRIEB", "LIVE"),
        "exercise": Twin("ÜBUNG", "EXERCISE"),
        "live_note": Twin(
            "Was Sie hier auslösen, erreicht die Bevölkerung.", "What you send here reaches the public."
        ),
        "exercise_note": Twin(
            "Hier wird niemand gewarnt. Echte Warnungen gibt es nur im Echtbetrieb.",
            "Nobody is warned here. Real warnings are in the live service only.",
        ),
        "skip": Twin("Zum Inhalt", "Skip to content"),
        "sign_in": Twin("Anmelden", "Sign in"),
        "name": Twin("Name (wie m.keller)", "Name (such as m.keller)"),
        "password": Twin("Passwort", "Password"),
        "go_on": Twin("Weiter", "Continue"),
        "with_passkey": Twin("Mit Passkey anmelden", "Sign in with a passkey"),
        "passkey_failed": Twin(
            "Das hat nicht geklappt. Versuchen Sie es noch einmal, oder nehmen Sie das Passwort.",
            "That did not work. Try again, or use the password.",
        ),
        "passkey_not_made": Twin(
            "Das hat nicht geklappt. Prüfen Sie das Passwort, und versuchen Sie es noch einmal.",
            "That did not work. Check the password, and try again.",
        ),
        "second_factor": Twin("Zweiter Schritt", "Second step"),
        "code": Twin(
            "Code aus der App (sechs Ziffern) oder ein Wiederherstellungscode",
            "Code of the app (six digits), or a recovery code",
        ),
        "wrong": Twin(
            "Das stimmt nicht überein. Prüfen Sie Ihre Eingaben.",
            "That does not match. Check what you entered.",
        ),
        "throttled": Twin(
            "Zu viele Fehlversuche. In {minutes} min geht es wieder. Mit einem Passkey geht es sofort.",
            "Too many failed attempts. Try again in {minutes} min. With a passkey you can sign in at once.",
        ),
        "busy": Twin(
            "Gerade melden sich zu viele an. Versuchen Sie es gleich noch einmal.",
            "Too many are signing in just now. Try again in a moment.",
        ),
        "over": Twin(
            "Dieser Schritt ist abgelaufen. Melden Sie sich noch einmal an.",
            "This step has expired. Sign in once more.",
        ),
        "foreign_form": Twin(
            "Diese Eingabe kam nicht von einer Seite des Warndienstes, oder die Seite war zu lange offen. "
            "Nichts wurde geändert. Laden Sie die Seite neu.",
            "This did not come from a page of the warning service, or the page was open for too long. "
            "Nothing was changed. Load the page again.",
        ),
        "not_found": Twin("Diese Seite gibt es nicht.", "There is no such page."),
        "no_console": Twin(
            "Hier kann sich niemand anmelden: Der Betreiber hat keine Konsole eingerichtet.",
            "Nobody can sign in here: the operator has set up no console.",
        ),
        "invitation": Twin("Konto einrichten", "Set up your account"),
        "invited_as": Twin("Sie richten das Konto {person} ein.", "You are setting up the account {person}."),
        "invitation_over": Twin(
            "Dieser Link gilt nicht mehr. Lassen Sie sich einen neuen geben.",
            "This link is no longer good. Ask for a new one.",
        ),
        "new_password": Twin(
            "Neues Passwort, mindestens 12 Zeichen: am besten ein Satz",
            "New password, at least 12 characters: a sentence is best",
        ),
        "old_password": Twin("Bisheriges Passwort", "Present password"),
        "password_again": Twin(
            "Zur Sicherheit noch einmal das Passwort", "The password once more, to be safe"
        ),
        "too_short": Twin(
            "Das Passwort hat weniger als 12 Zeichen.", "The password has fewer than 12 characters."
        ),
        "too_long": Twin(
            "Das Passwort hat mehr als 256 Zeichen.", "The password has more than 256 characters."
        ),
        "pattern": Twin(
            "Das Passwort wiederholt sich oder zählt nur hoch. Nehmen Sie ein anderes.",
            "The password repeats itself or only counts up. Choose another one.",
        ),
        "name_in_password": Twin(
            "Das Passwort besteht fast nur aus Ihrem Namen. Nehmen Sie ein anderes.",
            "The password is little more than your name. Choose another one.",
        ),
        "account": Twin("Mein Konto", "My account"),
        "signed_in_as": Twin("Angemeldet als {person}", "Signed in as {person}"),
        "roles": Twin("Rollen", "Roles"),
        "no_roles": Twin("Zurzeit keine Rolle.", "No role at present."),
        "holds": Twin("gilt", "holds"),
        "role_author": Twin("Verfassen", "author"),
        "role_approver": Twin("Freigeben", "approver"),
        "role_operator": Twin("Betrieb", "operator"),
        "role_auditor": Twin("Revision", "auditor"),
        "role_admin": Twin("Verwaltung der Zugänge", "admin"),
        "everywhere": Twin("überall", "everywhere"),
        "withheld_disabled": Twin("gesperrt", "disabled"),
        "withheld_not_yet": Twin("noch nicht", "not yet"),
        "withheld_ended": Twin("abgelaufen", "ended"),
        "withheld_off_call": Twin("außerhalb der Bereitschaft", "off call"),
        "withheld_live_only": Twin("nur im Echtbetrieb", "live only"),
        "enrol_first": Twin(
            "Richten Sie jetzt einen Passkey oder eine Code-App ein. Vorher können Sie hier nichts tun.",
            "Set up a passkey or a code app now. Until then there is nothing else you can do here.",
        ),
        "factors": Twin("Womit ich mich anmelde", "How I sign in"),
        "kind_password": Twin("Passwort", "password"),
        "kind_passkey": Twin("Passkey", "passkey"),
        "kind_totp": Twin("Code-App", "code app"),
        "kind_recovery": Twin("Wiederherstellungscode", "recovery code"),
        "last_used": Twin("zuletzt {when}", "last used {when}"),
        "never_used": Twin("noch nie benutzt", "never used"),
        "remove": Twin("Entfernen", "Remove"),
        "last_factor": Twin(
            "Der letzte zweite Faktor bleibt. Richten Sie erst einen anderen ein.",
            "The last second factor stays. Set up another one first.",
        ),
        "new_passkey": Twin("Passkey einrichten", "Set up a passkey"),
        "passkey_label": Twin(
            "Wie soll er heißen? (etwa: Diensthandy)", "What shall it be called? (such as: work phone)"
        ),
        "new_totp": Twin("Code-App einrichten", "Set up a code app"),
        "totp_how": Twin(
            "Lesen Sie das Bild mit der App ein, oder tippen Sie den Schlüssel ab. "
            "Geben Sie dann den Code ein, den die App zeigt.",
            "Scan the picture with the app, or type the key. Then enter the code that the app shows.",
        ),
        "totp_key": Twin("Schlüssel", "Key"),
        "totp_link": Twin("In der App auf diesem Gerät öffnen", "Open in the app on this device"),
        "totp_code": Twin("Code (sechs Ziffern)", "Code (six digits)"),
        "recovery": Twin("Wiederherstellungscodes", "Recovery codes"),
        "recovery_new": Twin("Neue Wiederherstellungscodes", "New recovery codes"),
        "recovery_how": Twin(
            "Jeder dieser Codes ersetzt einmal den zweiten Schritt. Drucken Sie sie aus und verwahren Sie sie. "
            "Sie werden nicht noch einmal gezeigt, und frühere gelten nicht mehr.",
            "Each of these codes stands in once for the second step. Print and keep them. "
            "They are not shown again, and earlier ones are no longer good.",
        ),
        "recovery_left": Twin("Noch {count} Wiederherstellungscodes", "{count} recovery codes left"),
        "change_password": Twin("Passwort ändern", "Change password"),
        "password_changed": Twin(
            "Das Passwort ist geändert, alle anderen Sitzungen sind beendet.",
            "The password is changed, all other sessions have ended.",
        ),
        "sessions": Twin("Sitzungen", "Sessions"),
        "this_session": Twin("diese hier", "this one"),
        "since": Twin("seit {when}", "since {when}"),
        "end": Twin("Beenden", "End"),
        "sign_out": Twin("Abmelden", "Sign out"),
        "sign_out_everywhere": Twin("Überall abmelden", "Sign out everywhere"),
        "back": Twin("Zurück", "Back"),
    }
)


def words_of(language: str) -> dict[str, str]:
    """Return all sentences in a language."""
    return {name: twin.in_language(language) for name, twin in WORDS.items()}


def language_of(accepted: str) -> str:
    """Return the language of a page by the header `Accept-Language`: English where that comes before German."""
    for part in accepted.split(",")[:20]:
        tag = part.split(";")[0].strip().lower().split("-")[0]
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]
