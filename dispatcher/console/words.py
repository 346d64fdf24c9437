"""Hold every sentence of the console, in German with its English twin. No sentence is built elsewhere."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.console.alert.words import ALERT_WORDS
from dispatcher.console.approval_words import APPROVAL_WORDS
from dispatcher.console.compose.words import COMPOSE_WORDS
from dispatcher.console.desk.words import DESK_WORDS
from dispatcher.console.health.words import HEALTH_WORDS
from dispatcher.console.held.words import HELD_WORDS
from dispatcher.console.prepared.words import PREPARED_WORDS
from dispatcher.model.sentences.sentence import Said
from dispatcher.on_duty.endpoints import CODE_HOLDS
from dispatcher.sign_in.passwords import LONGEST, SHORTEST

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES: Final = ("de", "en")
_CODE_MINUTES: Final = int(CODE_HOLDS.total_seconds()) // 60


WORDS: Final[Mapping[str, Said]] = MappingProxyType(
    {
        "console": Said("Warndienst", "Warning service"),
        "live": Said("ECHTBETRIEB", "LIVE"),
        "exercise": Said("ÜBUNG", "EXERCISE"),
        "live_note": Said(
            "Was Sie hier auslösen, erreicht die Bevölkerung.", "What you send here reaches the public."
        ),
        "exercise_note": Said(
            "Hier wird niemand gewarnt. Echte Warnungen gibt es nur im Echtbetrieb.",
            "Nobody is warned here. Real warnings are in the live service only.",
        ),
        "quote_begins": Said("„", "“"),
        "quote_ends": Said("“", "”"),
        "skip": Said("Zum Inhalt", "Skip to content"),
        "sign_in": Said("Anmelden", "Sign in"),
        "name": Said("Name (wie m.keller)", "Name (such as m.keller)"),
        "password": Said("Passwort", "Password"),
        "go_on": Said("Weiter", "Continue"),
        "with_passkey": Said("Mit Passkey anmelden", "Sign in with a passkey"),
        "with_provider": Said("Mit {provider} anmelden", "Sign in with {provider}"),
        "to_provider": Said("Weiter zu {provider}", "Continue to {provider}"),
        "or_provider": Said(
            "Oder ohne neues Passwort: Dieses Konto gehört dann zu Ihrem Konto bei {provider}.",
            "Or without a new password: this account then belongs to your account at {provider}.",
        ),
        "away": Said(
            "{provider} ist gerade nicht erreichbar. Mit Passkey oder Passwort geht es ohne.",
            "{provider} cannot be reached just now. A passkey or a password works without it.",
        ),
        "declined": Said(
            "Die Anmeldung bei {provider} wurde abgebrochen oder ist Ihnen dort nicht erlaubt.",
            "Signing in at {provider} was cancelled, or you are not allowed to there.",
        ),
        "untrusted": Said(
            "Die Antwort von {provider} war nicht in Ordnung. Versuchen Sie es noch einmal. "
            "Bleibt es so, sagen Sie es der Verwaltung; mit Passkey oder Passwort geht es ohne.",
            "The answer of {provider} was not right. Try again. "
            "If it stays so, tell the administrator; a passkey or a password works without it.",
        ),
        "nobody": Said(
            "Zu Ihrem Konto bei {provider} gibt es hier keinen Zugang. "
            "Die Verwaltung kann ihn verbinden; sie braucht dazu: {subject}",
            "There is no access here for your account at {provider}. "
            "The administrator can link it, and needs for that: {subject}",
        ),
        "taken": Said(
            "Ihr Konto bei {provider} gehört hier schon zu einem anderen Zugang.",
            "Your account at {provider} belongs to another access here already.",
        ),
        "no_second_factor": Said(
            "{provider} hat keinen zweiten Faktor bestätigt. Ohne ihn kommt hier niemand hinein: Richten Sie ihn dort "
            "ein, oder nehmen Sie Passkey oder Passwort.",
            "{provider} has not confirmed a second factor. Nobody is let in without one: set it up there, "
            "or use a passkey or a password.",
        ),
        "passkey_failed": Said(
            "Das hat nicht geklappt. Versuchen Sie es noch einmal, oder nehmen Sie das Passwort.",
            "That did not work. Try again, or use the password.",
        ),
        "passkey_not_made": Said(
            "Das hat nicht geklappt. Prüfen Sie das Passwort, und versuchen Sie es noch einmal.",
            "That did not work. Check the password, and try again.",
        ),
        "second_factor": Said("Zweiter Schritt", "Second step"),
        "code": Said(
            "Code aus der App (sechs Ziffern) oder ein Wiederherstellungscode",
            "Code of the app (six digits), or a recovery code",
        ),
        "wrong": Said(
            "Das stimmt nicht überein. Prüfen Sie Ihre Eingaben.",
            "That does not match. Check what you entered.",
        ),
        "throttled": Said(
            "Zu viele Fehlversuche. In {minutes} min geht es wieder. Mit einem Passkey geht es sofort.",
            "Too many failed attempts. Try again in {minutes} min. With a passkey you can sign in at once.",
        ),
        "busy": Said(
            "Gerade melden sich zu viele an. Versuchen Sie es gleich noch einmal.",
            "Too many are signing in just now. Try again in a moment.",
        ),
        "over": Said(
            "Dieser Schritt ist abgelaufen. Melden Sie sich noch einmal an.",
            "This step has expired. Sign in once more.",
        ),
        "foreign_form": Said(
            "Diese Eingabe kam nicht von einer Seite des Warndienstes, oder Sie haben sich seither ab- oder neu "
            "angemeldet. Nichts wurde geändert. Gehen Sie zurück, laden Sie die Seite neu, und versuchen Sie es noch "
            "einmal. Bleibt es so, läuft der Warndienst unter einer anderen Adresse: Sagen Sie es der Verwaltung.",
            "This did not come from a page of the warning service, or you have signed out or in again since. "
            "Nothing was changed. Go back, load the page again, and try once more. "
            "If it stays so, the warning service runs at another address: tell the administrator.",
        ),
        "unavailable": Said("Der Datenbestand antwortet nicht", "The record does not answer"),
        "unavailable_read": Said(
            "Diese Seite ist gerade nicht zu lesen. Versuchen Sie es noch einmal; eilt es, rufen Sie die "
            "Rufbereitschaft an, und warnen Sie auf anderem Weg.",
            "This page cannot be read just now. Try again; if it is urgent, call whoever is on call, and warn by other "
            "means.",
        ),
        "unavailable_change": Said(
            "Ob geschehen ist, was Sie wollten, ist ungewiss. Was Sie eingegeben haben, ist nicht verloren: Versuchen "
            "Sie es hier noch einmal. Eine Meldung geht dadurch nicht zweimal hinaus. Eilt es, rufen Sie die "
            "Rufbereitschaft an, und warnen Sie auf anderem Weg.",
            "Whether what you wanted was done is uncertain. What you entered is not lost: try again here. No message "
            "goes out twice by that. If it is urgent, call whoever is on call, and warn by other means.",
        ),
        "unavailable_secret": Said(
            "Ob geschehen ist, was Sie wollten, ist ungewiss. Sehen Sie später nach, und geben Sie es noch einmal ein.",
            "Whether what you wanted was done is uncertain. Look later, and enter it once more.",
        ),
        "again": Said("Noch einmal versuchen", "Try again"),
        "not_found": Said("Diese Seite gibt es nicht.", "There is no such page."),
        "no_console": Said(
            "Hier kann sich niemand anmelden: Der Betreiber hat keine Konsole eingerichtet.",
            "Nobody can sign in here: the operator has set up no console.",
        ),
        "invitation": Said("Konto einrichten", "Set up your account"),
        "invited_as": Said("Sie richten das Konto {person} ein.", "You are setting up the account {person}."),
        "invitation_over": Said(
            "Dieser Link gilt nicht mehr. Lassen Sie sich einen neuen geben.",
            "This link is no longer good. Ask for a new one.",
        ),
        "new_password": Said(
            f"Neues Passwort, mindestens {SHORTEST} Zeichen: am besten ein Satz",
            f"New password, at least {SHORTEST} characters: a sentence is best",
        ),
        "old_password": Said("Bisheriges Passwort", "Present password"),
        "password_again": Said(
            "Zur Sicherheit noch einmal das Passwort", "The password once more, to be safe"
        ),
        "too_short": Said(
            f"Das Passwort hat weniger als {SHORTEST} Zeichen.",
            f"The password has fewer than {SHORTEST} characters.",
        ),
        "too_long": Said(
            f"Das Passwort hat mehr als {LONGEST} Zeichen.",
            f"The password has more than {LONGEST} characters.",
        ),
        "pattern": Said(
            "Das Passwort wiederholt sich oder zählt nur hoch. Nehmen Sie ein anderes.",
            "The password repeats itself or only counts up. Choose another one.",
        ),
        "name_in_password": Said(
            "Das Passwort besteht fast nur aus Ihrem Namen. Nehmen Sie ein anderes.",
            "The password is little more than your name. Choose another one.",
        ),
        "account": Said("Mein Konto", "My account"),
        "signed_in_as": Said("Angemeldet als {person}", "Signed in as {person}"),
        "roles": Said("Rollen", "Roles"),
        "no_roles": Said("Zurzeit keine Rolle.", "No role at present."),
        "holds": Said("gilt", "holds"),
        "role_author": Said("Verfassen („author“)", "author"),
        "role_approver": Said("Freigeben („approver“)", "approver"),
        "role_operator": Said("Betrieb („operator“)", "operator"),
        "role_auditor": Said("Revision („auditor“)", "auditor"),
        "role_admin": Said("Verwaltung der Zugänge („admin“)", "admin"),
        "everywhere": Said("überall", "everywhere"),
        "withheld_disabled": Said("gesperrt", "disabled"),
        "withheld_not_yet": Said("noch nicht", "not yet"),
        "withheld_ended": Said("abgelaufen", "ended"),
        "withheld_off_call": Said("außerhalb der Bereitschaft", "off call"),
        "withheld_live_only": Said("nur im Echtbetrieb", "live only"),
        "enrol_first": Said(
            "Richten Sie jetzt einen Passkey oder eine Code-App ein. Vorher können Sie hier nichts tun.",
            "Set up a passkey or a code app now. Until then there is nothing else you can do here.",
        ),
        "factors": Said("Womit ich mich anmelde", "How I sign in"),
        "kind_password": Said("Passwort", "password"),
        "kind_passkey": Said("Passkey", "passkey"),
        "kind_totp": Said("Code-App", "code app"),
        "kind_recovery": Said("Wiederherstellungscode", "recovery code"),
        "last_used": Said("zuletzt {when}", "last used {when}"),
        "never_used": Said("noch nie benutzt", "never used"),
        "remove": Said("Entfernen", "Remove"),
        "last_factor": Said(
            "Der letzte zweite Faktor bleibt. Richten Sie erst einen anderen ein.",
            "The last second factor stays. Set up another one first.",
        ),
        "new_passkey": Said("Passkey einrichten", "Set up a passkey"),
        "passkey_label": Said(
            "Wie soll er heißen? (etwa: Diensthandy)", "What shall it be called? (such as: work phone)"
        ),
        "new_totp": Said("Code-App einrichten", "Set up a code app"),
        "totp_how": Said(
            "Lesen Sie das Bild mit der App ein, oder tippen Sie den Schlüssel ab. "
            "Geben Sie dann den Code ein, den die App zeigt.",
            "Scan the picture with the app, or type the key. Then enter the code that the app shows.",
        ),
        "totp_key": Said("Schlüssel", "Key"),
        "totp_link": Said("In der App auf diesem Gerät öffnen", "Open in the app on this device"),
        "totp_code": Said("Code (sechs Ziffern)", "Code (six digits)"),
        "recovery": Said("Wiederherstellungscodes", "Recovery codes"),
        "recovery_new": Said("Neue Wiederherstellungscodes", "New recovery codes"),
        "recovery_how": Said(
            "Jeder dieser Codes ersetzt einmal den zweiten Schritt. Drucken Sie sie aus und verwahren Sie sie. "
            "Sie werden nicht noch einmal gezeigt, und frühere gelten nicht mehr.",
            "Each of these codes stands in once for the second step. Print and keep them. "
            "They are not shown again, and earlier ones are no longer good.",
        ),
        "recovery_0": Said(
            "Sie haben keine Wiederherstellungscodes (mehr).", "You have no recovery codes, or none any more."
        ),
        "recovery_1": Said(
            "Sie haben nur noch einen Wiederherstellungscode.", "You have only one recovery code left."
        ),
        "recovery_2": Said(
            "Sie haben nur noch zwei Wiederherstellungscodes.", "You have only two recovery codes left."
        ),
        "recovery_why": Said(
            "Ist das Gerät für den zweiten Schritt weg, kommen Sie ohne sie nicht hinein: Machen Sie unten neue.",
            "Without them you cannot sign in when the device for the second step is gone: make new ones below.",
        ),
        "recovery_left": Said("Noch {count} Wiederherstellungscodes", "{count} recovery codes left"),
        "change_password": Said("Passwort ändern", "Change password"),
        "password_changed": Said(
            "Das Passwort ist geändert, alle anderen Sitzungen sind beendet.",
            "The password is changed, all other sessions have ended.",
        ),
        "sessions": Said("Sitzungen", "Sessions"),
        "this_session": Said("diese hier", "this one"),
        "since": Said("seit {when}", "since {when}"),
        "end": Said("Beenden", "End"),
        "sign_out": Said("Abmelden", "Sign out"),
        "sign_out_everywhere": Said("Überall abmelden", "Sign out everywhere"),
        "back": Said("Zurück", "Back"),
        "on_duty": Said("Im Dienst erreichbar", "Reachable on duty"),
        "on_duty_how": Said(
            "Hier erfahren Sie, dass etwas auf Ihre Entscheidung wartet, wenn Sie Dienst haben. "
            "Nummern und E-Mail-Adressen trägt die Verwaltung ein.",
            "This is where you are told that something waits for your decision when you are on duty. "
            "Numbers and mail addresses are entered by the administration.",
        ),
        "no_endpoints": Said("Bisher sind Sie nicht zu erreichen.", "So far there is no way to reach you."),
        "endpoint_sms": Said("SMS", "SMS"),
        "endpoint_email": Said("E-Mail", "mail"),
        "endpoint_webpush": Said("Browser", "browser"),
        "endpoint_works": Said("funktioniert", "works"),
        "endpoint_unproven": Said(
            "noch nicht bestätigt, es kommt nur der Code an", "not confirmed yet, only codes are sent there"
        ),
        "endpoint_gone": Said("abgemeldet, bitte neu einrichten", "gone, set it up again"),
        "endpoint_accepted": Said("zuletzt angenommen {when}", "last accepted {when}"),
        "endpoint_code": Said("Code, der dort angekommen ist", "Code that came there"),
        "endpoint_test": Said("Code senden", "Send a code"),
        "endpoint_code_sent": Said(
            f"Ein Code ist unterwegs. Er gilt {_CODE_MINUTES} Minuten.",
            f"A code is on its way. It is good for {_CODE_MINUTES} minutes.",
        ),
        "endpoint_code_soon": Said(
            "Gerade ist schon ein Code unterwegs. Warten Sie eine halbe Minute. Waren es heute zwanzig, warten Sie bis "
            "morgen.",
            "A code is on its way already. Wait for half a minute. If there were twenty today, wait until tomorrow.",
        ),
        "endpoint_code_over": Said(
            "Dieser Code gilt nicht mehr. Lassen Sie sich einen neuen senden.",
            "This code is no longer good. Have a new one sent.",
        ),
        "endpoint_proven": Said(
            "Bestätigt. Hier erreichen wir Sie.", "Confirmed. This is where we reach you."
        ),
        "this_browser": Said("Dieser Browser", "This browser"),
        "browser_label": Said(
            "Wie soll er heißen? (etwa: Leitstelle, Platz 2)", "What shall it be called? (such as: desk 2)"
        ),
        "add_browser": Said("Diesen Browser hinzufügen", "Add this browser"),
        "no_push": Said(
            "Dieser Browser kann keine Mitteilungen empfangen, oder er lässt hier kein Skript zu.",
            "This browser cannot receive notifications, or allows no script here.",
        ),
        "browser_not_added": Said(
            "Das hat nicht geklappt. Erlauben Sie Mitteilungen für diese Seite, und versuchen Sie es noch einmal.",
            "That did not work. Allow notifications for this page, and try again.",
        ),
        **APPROVAL_WORDS,
        **PREPARED_WORDS,
        **ALERT_WORDS,
        **DESK_WORDS,
        **HELD_WORDS,
        **COMPOSE_WORDS,
        **HEALTH_WORDS,
    }
)
"""`{name}` stands for what a page puts there."""


def quoted(text: str, language: str) -> str:
    """Return a text between the quotation marks of the language."""
    begins, ends = (WORDS[name].in_language(language) for name in ("quote_begins", "quote_ends"))
    return f"{begins}{text}{ends}"


def words_of(language: str) -> dict[str, str]:
    """Return all sentences in a language."""
    return {name: sentence.in_language(language) for name, sentence in WORDS.items()}


def language_name(tag: str, language: str) -> str:
    """Return what people call a language; its tag where it has no name here."""
    name = f"language_{tag}"
    return WORDS[name].in_language(language) if name in WORDS else tag


def language_of(accepted: str) -> str:
    """Return the language of a page by the header `Accept-Language`: English where that comes before German."""
    for part in accepted.split(",")[:20]:
        tag = part.split(";")[0].strip().lower().split("-")[0]
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]
