"""Say what is wrong with a webhook that an instance asks for, in the form of a problem's `errors`."""

from __future__ import annotations

from typing import Final, NamedTuple


class WebhookError(NamedTuple):
    """One thing that is wrong, with a sentence in English and in German. `path` is a JSON Pointer into the body."""

    code: str
    path: str
    message: str
    message_de: str


class WebhookRefused(Exception):
    """What is asked for cannot be a webhook; nothing was changed."""

    def __init__(self, *errors: WebhookError, left_off: int = 0) -> None:
        """`left_off` is how many more there are like them."""
        super().__init__(", ".join(error.code for error in errors))
        self.errors = errors
        self.left_off = left_off


_EXEMPT: Final = "The operator may exempt the origin: WARN_ALLOWED_ORIGINS=callback=ORIGIN."
_EXEMPT_DE: Final = "Der Betreiber kann den Ursprung ausnehmen: WARN_ALLOWED_ORIGINS=callback=ORIGIN."
_SENTENCES: Final = {
    "url_malformed": (
        "Not a plain https URL: no user, no fragment, no blanks, letters of ASCII only.",
        "Keine einfache https-Adresse: ohne Benutzer, ohne Sprungmarke, ohne Leerzeichen, nur ASCII-Zeichen.",
    ),
    "url_too_long": ("The URL is longer than 2048 characters.", "Die Adresse hat mehr als 2048 Zeichen."),
    "url_not_https": (
        f"The URL must begin with https://. {_EXEMPT}",
        f"Die Adresse muss mit https:// beginnen. {_EXEMPT_DE}",
    ),
    "url_port": (
        f"Only port 443 is allowed; leave the port out. {_EXEMPT}",
        f"Nur Port 443 ist erlaubt; bitte den Port weglassen. {_EXEMPT_DE}",
    ),
    "url_purpose": (
        f"The operator uses this address for something else. {_EXEMPT}",
        f"Diese Adresse verwendet der Betreiber für etwas anderes. {_EXEMPT_DE}",
    ),
    "private_address": (
        f"The host is not on the public Internet, or not written in full. {_EXEMPT}",
        f"Der Rechner steht nicht im öffentlichen Internet, oder sein Name ist nicht vollständig. {_EXEMPT_DE}",
    ),
    "secret_invalid": (
        "A secret is whsec_ and the Base64 of 24 to 64 random bytes, and only one; leave it out, and one is made.",
        "Ein Geheimnis ist whsec_ und das Base64 von 24 bis 64 zufälligen Bytes, nur eines; fehlt es, entsteht eines.",
    ),
    "secret_ends": (
        "This secret is being replaced and ends soon; name another one.",
        "Dieses Geheimnis wird gerade abgelöst und endet bald; bitte ein anderes angeben.",
    ),
    "form_unknown": (
        "A webhook takes notices in the form notice or cap.",
        "Ein Webhook nimmt Meldungen in der Form notice oder cap.",
    ),
    "places_foreign": (
        "Not among the places of the instance: {}.",
        "Gehört nicht zu den Orten der Instanz: {}.",
    ),
    "places_empty": (
        "Name at least one place, or leave places out for all of the instance.",
        "Bitte mindestens einen Ort nennen, oder places weglassen: dann gelten alle Orte der Instanz.",
    ),
}


def webhook_error(code: str, path: str, value: str = "") -> WebhookError:
    """Return the error of a code. `value` fills in what the sentence names."""
    english, german = _SENTENCES[code]
    return WebhookError(code, path, english.format(value), german.format(value))
