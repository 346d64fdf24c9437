"""The sentences in English."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dispatcher.model.sentences.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH: Mapping[Phrase, str] = MappingProxyType(
    {
        Phrase.TOO_MUCH_AT_ONCE: "Too many large messages of this key are on the way at once. Please send "
        "it again in a moment.",
        Phrase.SEND_AS_CAP: "Please send the message as application/cap+xml.",
        Phrase.SEND_UNCOMPRESSED: "Please send the message uncompressed.",
        Phrase.BODY_INCOMPLETE: "The message did not arrive completely; please send it again.",
        Phrase.BODY_TOO_LARGE: "The message is larger than {max_bytes} {max_bytes:byte|bytes}.",
        Phrase.QUERY_TOO_LONG: "The query of the request has more than {max_bytes} {max_bytes:byte|bytes}.",
        Phrase.ROUTE_UNKNOWN: "There is nothing at this address; please check it.",
        Phrase.METHOD_UNKNOWN: "This address exists, but not with this method; Allow names the possible "
        "ones.",
        Phrase.HTTP_REFUSED: "The request was not accepted ({reason}).",
        Phrase.PARAMETERS_WRONG: "Some parameter of the request is not valid; all are listed.",
        Phrase.BUSY_READING: "Very many are reading now, and warnings come first. Please ask again in a "
        "moment.",
        Phrase.BUSY_ENROLLING: "Very many are signing up now, and warnings come first. Please send it again in a "
        "moment.",
        Phrase.STREAMS_FULL: "As many streams are open as this process may have. Please ask for the list from time to "
        "time, or for a stream again in a moment.",
        Phrase.STREAMS_OF_ADDRESS_FULL: "As many streams are open from this address as one may have. Please ask for "
        "the list from time to time.",
        Phrase.KEY_MISSING: "The API key is missing or not valid. It belongs in the header Authorization: "
        "Bearer …; the command line takes it from WARN_API_KEY. A key that was good before may be revoked, "
        "disabled or ended: whoever runs the service sees that and issues another.",
        Phrase.PERSON_LACKS_ROLE: "You are signed in, but none of your roles allows that at present. They are listed "
        "under “My account”; whoever administers access changes them.",
        Phrase.PERSON_UNPROVEN: "The session has ended, or the request did not come from a page of the console: what "
        "changes something needs its origin (Origin) and the token of its forms (X-CSRF-Token). Please load the page "
        "again, and sign in again if it asks you to.",
        Phrase.EXERCISE_KEY_FOR_LIVE: "This key is for exercises, and this is live. Nothing was sent. Exercises go to "
        "{prefix}/alerts, warnings come here with the key for them (wk_…).",
        Phrase.LIVE_KEY_FOR_EXERCISES: "This key is live, and here are exercises. Nothing was sent. Warnings go to "
        "{prefix}/alerts, exercises come here with a key for exercises (wx_…), which the operator issues: dispatcher "
        "keys add --exercise.",
        Phrase.INSTANCE_KEY_MISSING: "The instance's key is missing or not valid.",
        Phrase.OPERATOR_KEY_MISSING: "The operator's key is missing or not valid: `dispatcher keys list` shows all.",
        Phrase.GATEWAY_SECRET_MISSING: "The gateway's secret is missing or wrong.",
        Phrase.RECORD_UNAVAILABLE: "The record cannot be reached now. Whether a message sent just now is "
        "kept is not known; please send it again: the same identity is never accepted twice.",
        Phrase.RECORD_UNAVAILABLE_TO_READ: "The record cannot be reached now, so that nobody can say what is asked "
        "for. Nothing was changed; please ask again in a moment.",
        Phrase.RECORD_UNAVAILABLE_TO_CHANGE: "The record cannot be reached now. Whether what was just asked for is "
        "done is not known; please send it again in a moment.",
        Phrase.INTERNAL: "Internal error; whether the message counts is not known: send it again.",
        Phrase.INTERNAL_TO_READ: "Internal error; nothing was changed. Please ask again in a moment.",
        Phrase.INTERNAL_TO_CHANGE: "Internal error; whether what was just asked for is done is not known: send it "
        "again.",
        Phrase.NO_SUCH_ID: "There is no such id here.",
        Phrase.NO_SMS_WAIT: "No SMS of this warning waits any more.",
        Phrase.DEAD_LETTERS_CHANGED: "There are not as many any more as were shown. Please look again.",
        Phrase.STATISTICS_TOO_MANY: "There are more than {most} in that time, too many for a table. Choose fewer days.",
        Phrase.HELD_NOT_SEEN: "It is not said to how many people it goes. Please look, and name the number.",
        Phrase.NO_SUCH_ALERT: "There is no such alert here.",
        Phrase.CHANGES_JUST_NOW: "What holds is changing just now. Please try again.",
        Phrase.NO_SUCH_APPROVAL: "Nothing waits for a second person under this id.",
        Phrase.APPROVED_BEFORE: "The message has been approved already.",
        Phrase.REJECTED_BEFORE: "The message has been rejected already.",
        Phrase.RELEASED_BEFORE: "The message was sent before without a decision, as the policy says.",
        Phrase.APPROVAL_VOID: "The message is outdated: a later one has replaced or ended it.",
        Phrase.APPROVAL_EXPIRED: "The message expired while it waited.",
        Phrase.APPROVAL_CHANGED: "Something about the message has changed since it waits. It cannot be approved like "
        "this.",
        Phrase.APPROVAL_NOT_SEEN: "What you saw is no longer what waits. Please look again.",
        Phrase.APPROVAL_OWN: "Somebody else must approve: you submitted this message, or may have.",
        Phrase.APPROVAL_NOT_SENDABLE: "The message has nothing to say by now. Please look at what is in force.",
        Phrase.APPROVAL_OUTSIDE_TERRITORY: "The message concerns municipalities in which your role does not hold.",
        Phrase.WAITS_NOT: "The message does not wait: only what has not gone out yet can be withdrawn.",
        Phrase.NO_SUCH_TEMPLATE: "There is no such template, or no such version of it.",
        Phrase.TEMPLATE_WRONG: "What was sent is no template that could be used; `errors` says what is wrong where.",
        Phrase.TEMPLATE_VALUES_WRONG: "What was filled in makes no warning; `errors` says what is wrong where.",
        Phrase.TEMPLATE_SENDER_MISSING: "Please say who sends it (`sender`).",
        Phrase.TEMPLATE_NOT_APPROVED: "No version of the template that may be used for this is approved.",
        Phrase.TEMPLATE_DECIDED: "This version has been decided upon already.",
        Phrase.TEMPLATE_OWN: "Somebody else must approve: you wrote this version, or may have.",
        Phrase.TEMPLATE_NOT_SEEN: "What you saw is not what this version says. Please look again.",
        Phrase.TEMPLATE_OUTSIDE_TERRITORY: "Your role does not hold everywhere where this template can warn, or the "
        "version that it replaces. Without municipalities of its own it can warn everywhere.",
        Phrase.TEMPLATES_FULL: "The service takes no more templates. There is room when all versions of one are "
        "rejected or retired.",
        Phrase.TEMPLATES_OWN_FULL: "You have begun as many templates as one may in {days} {days:day|days}: {most}. "
        "Others can still save.",
        Phrase.TEMPLATE_VERSIONS_OWN_FULL: "You have saved as many versions of this template as one may in {days} "
        "{days:day|days}: {most}. Others can still save.",
        Phrase.NO_SUCH_PLACE: "The boundary data of this service has no such municipality or district. That says "
        "nothing of warnings there.",
        Phrase.NOT_SIGNED: "This message cannot be signed so that it says exactly what came in. It is there as it came "
        "(`cap`).",
        Phrase.OTHER_TAG: "The document has another tag than those that If-Match names. Without that header it "
        "is sent as it is now.",
        Phrase.NOTHING_KNOWN_YET: "This process has only just started and does not know yet which warnings are in "
        "force. Please ask again in a moment.",
        Phrase.NO_PUSH_KEY: "There is no key for Web Push yet: it is made when the first worker starts.",
        Phrase.NO_WEBHOOK: "No webhook is registered for this instance, or its receiver ended it with 410.",
        Phrase.NO_SUCH_INSTANCE: "The service does not know this app.",
        Phrase.NO_SUBSCRIBER: "This installation has subscribed to nothing here.",
        Phrase.SUBSCRIBER_REFUSED: "Nobody can subscribe like this; errors says why. Nothing was changed.",
        Phrase.MANAGEMENT_TOKEN_MISSING: "The management token of this installation is missing or wrong.",
        Phrase.CODE_REFUSED: "This code is not valid, or no longer. The app asks for another one when it starts next.",
        Phrase.CODES_LIMITED: "No SMS was sent: too many codes were asked for. Retry-After says when there may be one.",
        Phrase.NO_NUMBER_WAITS: "At this position no number waits for a code.",
        Phrase.SIGN_UPS_LIMITED: "Too many have subscribed from here or for this app. Please try again later; what is "
        "subscribed already stays.",
        Phrase.SIGN_UPS_CLOSED: "Nobody can subscribe now. Please try again in a moment; what is subscribed already "
        "stays.",
        Phrase.INSTANCE_THERE: "There is another instance of this id. Nothing was changed: PATCH changes it.",
        Phrase.CHANGED_MEANWHILE: "Somebody else changes this instance now. Nothing was changed; look at it again.",
        Phrase.WEBHOOK_TAKEN: "This URL is registered for somebody else. Please use one of your own.",
        Phrase.WEBHOOK_REFUSED: "The webhook cannot be registered so; errors says why.",
        Phrase.SHARE_USED_UP: "The requests of this minute are used up; Retry-After says how long to wait.",
        Phrase.TESTED_TOO_SOON: "A test notice was sent a moment ago. Please wait a little.",
        Phrase.NOTHING_TO_TEST: "No endpoint is active: there is nothing to test. Please subscribe anew.",
        Phrase.NO_SUCH_FEED: "There is no feed of this name here.",
        Phrase.FOREIGN_FEED: "This key does not belong to this feed.",
        Phrase.POLLED_FEED: "This feed is polled and takes nothing that is pushed.",
        Phrase.NO_REPORTS_WANTED: "No delivery reports are taken from this gateway.",
        Phrase.NO_TEXTS_WANTED: "No texts of people are taken from this gateway.",
        Phrase.TEXT_UNREADABLE: "The text can be read neither as JSON nor as a form, or is too long.",
        Phrase.REPORT_UNREADABLE: "The delivery report can be read neither as JSON nor as a form, or is too "
        "long.",
        Phrase.RECEIPT_UNREADABLE: "The body cannot be read as a device receipt: see errors.",
        Phrase.RECEIPTS_FULL: "So many device receipts wait to be written that no more are taken. Please post it again "
        "in a moment; no warning depends on it.",
        Phrase.MESSAGE_UNREADABLE: "The message cannot be read: {why}",
        Phrase.MESSAGE_TOO_LARGE: "The message is too large: {why}",
        Phrase.MESSAGE_TOO_COMPLEX: "Reading the message takes too much. Please draw the area with fewer "
        "corners and shapes.",
        Phrase.NOT_ONE_MESSAGE: "A submission holds exactly one message, this one {count}.",
        Phrase.READERS_BUSY: "As many messages of this key are being read as is possible at once. Please "
        "send it again in a moment.",
        Phrase.RULES_BROKEN: "The message breaks rules of the CAP standard and is not accepted; nobody is "
        "warned. All places are listed; please mend the errors and send it again.",
        Phrase.SENDER_NOT_ALLOWED: "This key may not submit as the sender {sender}. Allowed: {allowed}.",
        Phrase.EXERCISE_BY_LIVE_KEY: "The message is an exercise (status Exercise), and the key is live. Nothing was "
        "sent. Exercises go to /exercise/v1/alerts with a key for exercises (wx_…); the command line finds the address "
        "by the key. The operator issues one: dispatcher keys add --exercise. If it is no exercise: status Actual.",
        Phrase.WARNING_BY_EXERCISE_KEY: "The key is for exercises, and the message has status {status}. Nothing was "
        "sent. Only status Exercise is taken here. If it is real: send it to /v1/alerts with the key for that (wk_…).",
        Phrase.EXERCISE_ACTS_ON_WARNING: "This exercise refers to messages that are none: {identifiers}. An exercise "
        "changes and ends no warning. Nothing was sent.",
        Phrase.WARNING_ACTS_ON_EXERCISE: "This message refers to exercises: {identifiers}. Only an exercise (status "
        "Exercise) changes and ends one. Nothing was sent.",
        Phrase.VERSION_UNKNOWN: "CAP 1.2 is accepted; this message is written in CAP {version}.",
        Phrase.NAME_TOO_LONG: "An identifier or a sender, also in <references>, has more than {most} "
        "{most:character|characters}.",
        Phrase.QUOTA_REACHED: "This key has submitted {quota} {quota:warning|warnings} within an hour, which is "
        "all that it may. The message is not accepted, nobody is warned. Please send it again in {minutes} min; if it "
        "is urgent, the operator can raise the limit at once. Updates and cancellations are still accepted.",
        Phrase.SENT_IN_FUTURE: "<sent> lies in the future: {sent}; here it is {now}. Please check the "
        "sender's clock and the time zone in <sent>.",
        Phrase.EXPIRES_TOO_LATE: "<expires> lies too far ahead: {expires}. A message of now may hold until "
        "{latest}; what lasts longer is prolonged by an Update in time.",
        Phrase.INFO_EXPIRES_TOO_LATE: "The info is to hold until {expires}; the latest end that is possible "
        "now is {latest}.",
        Phrase.SEVERAL_TEXTS: "Several <info> of one language name different areas. Please send a message "
        "of its own for each area, so that nobody gets the text for another place.",
        Phrase.IDENTITY_REUSED: "Another message was recorded under this identity (sender, identifier, "
        "sent). A change needs a new identifier and msgType Update.",
        Phrase.FOREIGN_REFERENCE: "Only one's own messages can be updated or cancelled, not those of "
        "{senders}.",
        Phrase.UNKNOWN_REFERENCE: "None of the messages named in <references> is known here. Each is named "
        "as sender,identifier,sent, exactly as it was submitted.",
        Phrase.REFERENCE_REPLACED: "What this message is to end has been replaced by others that stay in "
        "force. Please name these in <references>: {names}.",
        Phrase.REFERENCE_LEADS_NOWHERE: "{identifier} is not known here; nothing is replaced or ended by "
        "its name.",
        Phrase.STILL_IN_FORCE: "{identifier} ({headline}) belongs to the same event, is not named, and "
        "stays in force.",
        Phrase.SENT_INSTEAD: "{identifier} ({headline}) says the same, is not named, and is sent now: those who "
        "were warned get this warning in place of the end. If it is to end too, name it in <references> as well.",
        Phrase.ANOTHERS_SENT_INSTEAD: "Another centre warns of the same; its message is sent now, and those who were "
        "warned get this warning in place of the end.",
        Phrase.SENT_ELSEWHERE: "{identifier} ({headline}) says the same as the warning did, is not named, and is sent "
        "now where this message warns no longer. If it is to end, name it in <references> as well.",
        Phrase.ANOTHERS_SENT_ELSEWHERE: "Another centre warns of the same; its message is sent now where this one "
        "warns no longer.",
        Phrase.NO_INFO: "The message has no <info>, so neither a text nor an area; nobody is warned. Please "
        "give at least one <info> with an <area>.",
        Phrase.NO_AREA: "The message names no area; without one nobody is warned. Please give the <info> an "
        "<area> with municipality keys (ARS, AGS), a polygon or a circle.",
        Phrase.AREA_UNMATCHED: "At least one part of the area matches no known municipality; nothing is "
        "sent. The places are listed; please mend them and send it again.",
        Phrase.TARGET_UNMATCHED: "{what}: {why} This one item adds nobody; the rest of the area counts.",
        Phrase.TARGET_NOTE: "About the area: {note}.",
        Phrase.AREA_OUTSIDE_TERRITORY: "Please take out of the area what another centre is in charge of: "
        "{names}{more}.",
        Phrase.REFERENCE_OUTSIDE_TERRITORY: "The message that this one refers to reaches beyond the "
        "source's territory: {names}{more}.",
        Phrase.SOME_REFERENCE_OUTSIDE_TERRITORY: "The message that this one refers to reaches beyond the "
        "source's territory.",
        Phrase.AND_MORE: " and {count} more",
        Phrase.AND_MORE_DISTRICTS: " and {count} more",
        Phrase.MORE_LEFT_OFF: "{count} more {count:place|places} of this kind {count:is|are} not listed.",
        Phrase.IS_POSTCODE: "{code} is a postcode and no key of CAP; nobody is warned by postcodes, as they "
        "follow no municipal borders. {hint}",
        Phrase.KEY_CALLED_POSTCODE: "{code} is called {name}, but is an {scheme}. Please give {scheme} as its "
        "valueName.",
        Phrase.KEYS_OF_NAMED: "Please give keys of municipalities; areaDesc names: {keys}.",
        Phrase.KEYS_WANTED: "Please give the municipalities' regional keys (valueName ARS, 12 digits) or "
        "municipality keys (valueName AGS, 8 digits).",
        Phrase.SCHEME_UNKNOWN: "“{name}” is no scheme of keys that is known here; known are {known}.",
        Phrase.AGS_ILL_FORMED: "This is no AGS: an AGS has 8 digits (municipality), 5 (district) or 2 "
        "(Land).",
        Phrase.ARS_ILL_FORMED: "This is no ARS: an ARS has 12 digits (municipality), 9 (association), 5 "
        "(district) or 2 (Land).",
        Phrase.CODE_ILL_FORMED: "No key of the scheme {scheme} is written so.",
        Phrase.CODE_UNKNOWN: "This key of the scheme {scheme} is not known here. {covers}",
        Phrase.LAND_UNKNOWN: "No Land has the key {land}; AGS and ARS begin with 01 to 16.",
        Phrase.MUNICIPALITY_UNKNOWN: "The district {district} has no municipality of this key; please check "
        "the digits.",
        Phrase.BEYOND_DATA: "The key is well-formed, but outside this service's boundary data. {covers}",
        Phrase.DATA_COVERS: "They cover {count} {count:municipality|municipalities} in the "
        "{districts:district|districts} {names}{more}.",
        Phrase.MATCH_TITLE: "{identifier}: {count} {count:municipality|municipalities}",
        Phrase.MATCH_UNDERSTOOD: "The area is understood: a submission is not refused for it, as long as "
        "all municipalities lie in the source's territory.",
        Phrase.MATCH_REFUSED: "Part of the area is not understood: a submission (submit) is refused with "
        "422, nothing is sent; the message of a polled feed waits for a decision (dispatcher held).",
        Phrase.MATCH_NO_AREA: "The message names no area: a submission (submit) is refused with 422, unless "
        "it ends something.",
        Phrase.MAP_WRITTEN: "Map: {path}",
    }
)
