"""Every stable code that provendor prints: what it means, and what to do.

A code is a promise: it may gain a better text, it never gets another meaning. Reports, alerts and scripts match on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from provendor.errors import UsageError
from provendor.fault_codes import FAULTS
from provendor.suggest import did_you_mean


class Code(NamedTuple):
    """One entry: `title` is a line, `meaning` and `do` are a few sentences."""

    code: str
    title: str
    meaning: str
    do: str


_TABLE = (
    Code(
        "status",
        "the answer has another status than the contract allows",
        "The vendor answered, with a status that the case does not name. Where the status is of another class (4xx for a "
        "2xx, say), body and content type are not compared, because they would only repeat the same difference.",
        "Look at the class of the answer in the same result. Where the vendor's behaviour has truly changed, change "
        "`status:` or write a case for the new answer; otherwise the request or the credential is wrong.",
    ),
    Code(
        "header",
        "a header is not as the contract demands",
        "A header under the case's `headers:` is missing, present though it must not be, or has another value.",
        "Compare expected and actual. Where the value varies rightly, use `{ pattern: … }` or `{ present: true }`.",
    ),
    Code(
        "content-type",
        "the body is of another media type",
        "The case names a `content_type:`, or describes a JSON body, and the answer declares something else. An HTML page "
        "where JSON belongs mostly comes from a proxy in front of the vendor.",
        "Find out who answered: the vendor or something before it. Where the vendor truly sends another type, name it "
        "with `content_type:`.",
    ),
    Code(
        "body-json",
        "the body is not JSON",
        "The case describes a JSON body, and the bytes that came cannot be read as JSON.",
        "Read the beginning of the body in the finding: an empty body, an HTML page and a cut-off answer look different.",
    ),
    Code(
        "body-schema",
        "the JSON body does not match the contract's schema",
        "Each finding is one place in the body, as a JSON pointer, with what the schema expects there and what came.",
        "Ask whether our code would survive the value that came. If it would, the schema is too narrow: say in it what "
        "the vendor truly sends. If not, the vendor broke the contract.",
    ),
    Code(
        "body-text",
        "a text that the contract names is not in the body",
        "The pattern under `text:` is not found in the body.",
        "Compare the pattern with the beginning of the body in the finding.",
    ),
    Code(
        "body-empty",
        "the body should be empty and is not",
        "The case says `empty: true`, and bytes came.",
        "Where the vendor now sends a body, describe it with `body:` instead.",
    ),
    Code(
        "error-class",
        "the answer gets another error code than the contract names",
        "The error table decides what an answer means to us and whether it is retried. It gives this answer another code "
        "than the case names, or a code although the case names none. Our retries would do the wrong thing.",
        "Look at the rule whose place is shown: rules are tried in order, an operation's before the vendor's, and the "
        "first that matches wins. Narrow the rule, reorder the table, or correct `error:`.",
    ),
    Code(
        "error-unclassified",
        "no rule of the error table matches this error answer",
        "The status is 400 or above and nothing in the error table matches, so that nobody knows whether to retry. It is a "
        "fail where the case names an error code, and a warn where it names none.",
        "Add a rule for this answer to `errors:`, with a code and `retryable`, and name the code in the case.",
    ),
    Code(
        "latency",
        "the answer took longer than the contract allows",
        "Only a live answer has a timing. Above `warn_after` it is a warn, above `fail_after` a fail.",
        "Look at the history of the operation before changing the budget: one slow answer is weather, many are climate.",
    ),
    Code(
        "deprecated",
        "the vendor announces that this is deprecated",
        "The answer carries `Deprecation`, `Warning: 299` or a header of the vendor's own that says so.",
        "Read the vendor's announcement, plan the change, and put the date into the contract's notes.",
    ),
    Code(
        "sunset",
        "the vendor names a day on which this ends",
        "The answer carries `Sunset`. After that day the resource may be gone.",
        "Move to the successor before the day that is shown.",
    ),
    Code(
        "indicator",
        "a ratio that the business watches is too low",
        "A check counted something in the answer, and the ratio is below the threshold that the contract gives under "
        "`indicators:` in vendor.yaml: a warn below `ok`, a failure below `warn`.",
        "The vendor may answer as promised while our use of it goes wrong: look at what was counted, by the check's name.",
    ),
    Code(
        "token-refused",
        "the vendor gives no access token",
        "A live call needs a token first, and the token endpoint refused it, with an error status or with an error inside a "
        "200. The vendor's own code for the refusal stands in the finding.",
        "Look at the credentials that the token operation uses: an ended refresh token, a wrong secret and a service "
        "account without access each have a code of their own in the vendor's error table.",
    ),
    Code(
        "not-undone",
        "what a live call has made could not be taken away",
        "The case made something in the sandbox, and the clean-up that the contract names did not take it away: it was refused, "
        "no answer came, or the answer that made it does not name it.",
        "Take it away by hand; the finding shows the request that would. Where it happens again, look at the operation's "
        "`cleanup:` in the contract.",
    ),
    Code(
        "not-ready",
        "a probe could not be asked, because something is missing on our side",
        "An environment variable that the probe needs is not set, or holds something else than it should. Nobody was asked, so "
        "that nobody knows how the vendor is: an error, and no skip, because nobody decided it.",
        "Set the variable that is named; `provendor doctor VENDOR` lists all that a vendor needs.",
    ),
    Code(
        "not-read-only",
        "a probe was about to send a request that may write",
        "Production is only read. Whatever the contract says, a probe sends GET, HEAD or OPTIONS, or a POST that is declared "
        "`safety: read`. Nothing was sent.",
        "Take `probe:` from the operation, or correct its request.",
    ),
    Code(
        "interrupted",
        "the run was interrupted while the case was asked",
        "Somebody, or the system, ended the run before an answer was judged. Whether the vendor has answered is not known.",
        "Run it again.",
    ),
    Code(
        "fallback",
        "a case was to be asked live and was replayed",
        "The vendor's flag, address, credentials or values are not there, so that the answer comes from a cassette. With "
        "`--require-live` that is an error.",
        "`provendor doctor` names what blocks and the command that unblocks it.",
    ),
    Code(
        "paced-out",
        "our own pace has no turn in the time there is",
        "The contract's `rate_limit:`, or what the vendor said with its last answers, leaves no turn soon enough. Every process "
        "on this machine that uses the same credential takes its turns from the same pace.",
        "Wait until the moment that the finding names, ask for fewer cases, or end what else uses the credential.",
    ),
    Code(
        "version-served",
        "another version answered than the one that was asked",
        "The header that the contract names under `version_header:` holds another version. Vendors fall forward silently "
        "when the version asked is retired, and answer in the shape of another one.",
        "Move the contract to a version that the vendor still serves, and look at what changed between the two.",
    ),
    Code(
        "vendor-warning",
        "the answer carries a warning of the vendor's own",
        "A path under `warnings:` in vendor.yaml finds something in the body. The call succeeded, and the vendor says that "
        "it did not understand all of it.",
        "Read the warning: mostly a filter or an argument was ignored, and the answer is not to the question we asked.",
    ),
    Code(
        "mcp-frame",
        "the answer of an MCP server is no message of the protocol",
        "A JSON-RPC message has either a result or an error, with the id of the request, and each method's result has its "
        "parts: content for a tool, a name and an inputSchema for every tool that is listed.",
        "Look at what answered: a proxy, a server of another era, or a server that breaks the protocol. A stream of events "
        "is read; where none of its messages answers the request, its beginning is shown.",
    ),
    Code(
        "mcp-failed",
        "an MCP server says that the call failed, and the case expects it to work",
        "The message is a JSON-RPC error, or a tool's result with `isError: true`. Both come with a 200, and no rule of the "
        "error table knows this one, so that nothing else would object.",
        "Read what the server says. Then add a rule for `$.error.code` or `$.result.isError` with a code of its own, and a "
        "case that names it.",
    ),
    Code(
        "mcp-result",
        "the result of an MCP call does not match the contract's schema",
        "The schema under `result:` is applied to a tool's structured content, where there is none to the JSON in its first "
        "text, and for other methods to the result. Tools change what they answer without a version.",
        "Ask whether our code would survive the value that came. A text that is no JSON is often an error message: then the "
        "tool failed, and the error table should know how.",
    ),
    Code(
        "mcp-tool-missing",
        "a tool that we use is no longer offered",
        "The list of tools does not name it. Servers remove and rename tools without a new revision of the protocol, and what "
        "they offer may depend on who asks.",
        "Compare with the tools that are offered now: the finding names them, and the nearest one. Call the successor, or drop "
        "the operation from the contract.",
    ),
    Code(
        "mcp-tool-input",
        "a tool does not take the arguments that we send",
        "The tool's inputSchema refuses an example under `tools:`, or does not know one of its arguments, which the server "
        "would silently leave out.",
        "Compare the arguments with the schema at the place that is shown, change what we send, and then the example.",
    ),
    Code(
        "credential-echo",
        "the vendor sent our own credential back",
        "A secret that is in use was found in the body or in a header of the answer: plain, URL-encoded, escaped or in "
        "base64. Whatever logs or stores such answers stores the secret. Its value is never printed.",
        "Keep this answer out of logs and caches; ask whether the operation is needed; replace the credential if the answer "
        "was stored anywhere.",
    ),
    Code(
        "cassette-origin",
        "the recording does not say where it comes from",
        "The cassette's metadata has no `origin`, so that nobody can tell a real answer from an invented one.",
        "Write it anew with `provendor adopt`, or add `origin:` to its metadata, if you know it.",
    ),
    Code(
        "cassette-age",
        "the recording is too old, or its age is not known",
        "The answer was recorded or written longer ago than the vendor's `max_age`, or has no date, or one in the future. "
        "An old recording proves what the vendor once did.",
        "Compare with the vendor's present documentation or a live answer, and write the cassette anew.",
    ),
    Code(
        "cassette-missing",
        "there is no recording for the case",
        "Nothing was judged, so this is an error and not a pass.",
        "Write one with `provendor adopt SELECTOR ANSWER --origin …`, or mark the case `pending` with a date.",
    ),
    Code(
        "cassette-broken",
        "the recording cannot be read",
        "The file is not YAML, not of vcrpy's format, too large, or refers to what is not allowed. It is never replaced by "
        "itself.",
        "Look at the place in the message. Restore the file from version control, or write it anew with `provendor adopt`.",
    ),
    Code(
        "cassette-unused",
        "an interaction of the recording was not used",
        "The cassette holds more requests than the case sends. What nobody asks for proves nothing.",
        "Remove the interaction, or write the case that uses it.",
    ),
    Code(
        "parity-new",
        "the live answer has a field that the recorded one has not",
        "Every live answer is compared with the cassette by shape. Here is a field that neither the recording nor the contract "
        "knows; `*` in the place stands for every element of a list and every key that is an id. A documented or synthetic "
        "recording may never have been complete, which is why its origin is said.",
        "Record the case anew. Where we rely on the field, name it in the contract's schema; where anything may come there, say "
        "`additionalProperties: true`.",
    ),
    Code(
        "parity-missing",
        "a field that was always recorded is missing from the live answer",
        "In the recording every object in this place has the field, and live there is none, or not everywhere. The contract does "
        "not say that it may be missing.",
        "Find out whether our code needs it. If so, say so with `required`, so that it becomes a fail; if not, name it under "
        "`properties` without requiring it.",
    ),
    Code(
        "parity-type",
        "a field has another type live than in the recording",
        "Such as a number that has become text. Whole numbers and others are one type, as in JSON.",
        "Give the field its type in the contract: then the next time is a fail, or is allowed.",
    ),
    Code(
        "parity-null",
        "a field is null live and never was in the recording",
        "The contract does not say that it may be null. Code that was only tested with the recording has never met it.",
        "Allow it in the contract, with `type: [string, 'null']`, once our code can take it.",
    ),
    Code(
        "parity-enum",
        "a word came live that is not among the recorded ones",
        "In this place one of a few words stands: by its name (`status`, `type`, `role` …), or because the same words come again "
        "and again in the recording. The word is neither in the recording nor in an `enum` of the contract.",
        "See what our code does with an unknown word. Then list the words as `enum`, or say with a `pattern` that others may "
        "come.",
    ),
    Code(
        "request-mismatch",
        "the contract sends another request than the one that was recorded",
        "A case's request is part of its contract. Each finding is one part of the request: what is recorded and what the "
        "contract sends now.",
        "Where the change is wanted, write the cassette anew, because the old answer belongs to another request. Otherwise "
        "correct the request in the contract.",
    ),
    Code(
        "transport",
        "no answer came back",
        "The request could not be carried out, and nothing was judged.",
        "Read the reason; run the case again alone.",
    ),
    Code(
        "network-blocked",
        "something tried to use the network",
        "In a replay the network is off. The address that was asked for and the line of code are shown.",
        "Remove the call, or mark the test for the network if it is meant to be live.",
    ),
    Code(
        "not-judged",
        "something around the case broke before it could be judged",
        "The process that ran the case died, or a hook or a fixture of pytest failed. Nothing is known of the answer.",
        "Run the case alone with `provendor prove`, which needs neither. Where it holds there, look at what surrounds it.",
    ),
    Code(
        "check-crashed",
        "a check ended with an exception",
        "The check could not tell, which is an error of its own and not a statement about the vendor. Other checks of the "
        "same answer are not affected. Type, message and line are shown.",
        "Correct the check. Where the answer may lack what it reads, let it `raise Skip(reason)` or `assert` first.",
    ),
    Code(
        "pending-passes",
        "a case that is marked pending passes",
        "The contract expects it to fail until a day, and it does not.",
        "Remove `pending:`, so that a relapse is noticed.",
    ),
    Code(
        "flow-failed",
        "the work of a flow failed at the vendor",
        "A poll found the state that the contract lists under `fail_when:`, and the case expects the work to be done.",
        "Read the last answer of the step: it mostly says why. A case for this end names `error: flow-failed`, or the code "
        "that the error table gives such an answer.",
    ),
    Code(
        "flow-timeout",
        "the work of a flow was not done in time",
        "A poll asked for as long as `within:` allows, the answers changed on the way, and none was the end.",
        "Compare the time with what the vendor promises. Where it is right to wait longer, raise `within:`.",
    ),
    Code(
        "flow-stuck",
        "the work of a flow does not move",
        "A poll asked for as long as `within:` allows, and every answer was the same, byte for byte.",
        "Look at the vendor's status page, then for the work under its id there. Asking longer will hardly help.",
    ),
    Code(
        "flow-state",
        "a flow met a state that the contract does not know",
        "A poll found a state that is neither done (`until:`), nor failed (`fail_when:`), nor listed under `while:`. Our code "
        "would not know either whether to wait.",
        "Find out what the state means and list it where it belongs.",
    ),
    Code(
        "flow-capture",
        "an answer does not hold what the next step needs",
        "No path of a `capture:` found a text, a number, true or false; null, lists and mappings do not count.",
        "Compare the paths with the answer of the step. Where the vendor spells it in two ways, list both paths.",
    ),
    Code(
        "flow-end",
        "a flow ended otherwise than the case says",
        "The case names one of the codes of flows as its `error:`, and the flow did not end with it.",
        "Where the flow now ends well, remove `error:`; otherwise look at the last answer of the step.",
    ),
    Code(
        "paging-repeats",
        "a page of a list brings what another page has brought",
        "An item has the id of an item of an earlier page, a page is the same as another, or a page leads back to one that was "
        "asked for already. Whoever follows such a list counts twice or never comes to an end. A few items are a warn, because "
        "they may have moved between two requests; a whole page is a fail.",
        "Look whether the cursor or the page number is truly sent where the vendor reads it: most that do not know a "
        "parameter ignore it and send the first page again.",
    ),
    Code(
        "paging-endless",
        "a list does not end",
        "After `max_pages:` pages the last one still leads to another.",
        "Where the list is truly that long, raise `max_pages:` or ask for larger pages; otherwise the end is not recognised.",
    ),
    Code(
        "paging-short",
        "a page of a list holds less than it should",
        "A page before the last holds fewer items than `size:` promises, a page has no list where `items:` leads, or the next "
        "page lies at another host, where no credential is sent.",
        "Look whether the vendor filters after it has cut pages; then `size:` promises too much.",
    ),
    Code(
        "paging-total",
        "a list holds another number of items than the vendor says",
        "The totals of two pages differ, or all pages together hold more or fewer items than the total.",
        "Look for a limit behind which the vendor hands out nothing more, and for items that are counted but not shown.",
    ),
    Code(
        "signature-missing",
        "a delivery carries no signature",
        "The header that `webhooks.signature` names is not there. Anybody can post such a delivery.",
        "Refuse it. Where a header of another name is shown, correct the contract; where the vendor's older servers do not "
        "sign, say so with `without: [signature]` in a case of its own.",
    ),
    Code(
        "signature-form",
        "the signature of a delivery does not look like one",
        "The header is there, and holds no digest of the algorithm, encoding and prefix that the contract names.",
        "Compare `encoding:` and `prefix:` with the vendor's documentation: hexadecimal and base64 are the usual confusion.",
    ),
    Code(
        "signature-wrong",
        "a delivery's signature does not fit its bytes",
        "The signature has the right form and is not the one that our secret makes of these bytes: the body was changed, or "
        "the secret is another one. Where a usual slip explains it, the finding says which.",
        "Verify the raw bytes before anything parses them. Look whether the secret was rotated, and whether it belongs to "
        "this app, shop or inbox.",
    ),
    Code(
        "signature-stale",
        "a delivery was signed too long ago, or in the future",
        "The timestamp that was signed is further from the moment of arrival than `tolerance:` allows. An old delivery that "
        "is sent again looks like this, and so does a clock that is wrong.",
        "Refuse it, and compare the clocks. For a delivery that was captured earlier give the moment of arrival with --now.",
    ),
    Code(
        "signature-timestamp",
        "a delivery has no moment of signing",
        "The header under `timestamp:` is missing or holds no seconds since 1970, so that the signature cannot be checked.",
        "Look whether something between the vendor and us drops headers.",
    ),
    Code(
        "signature-rule",
        "the signature rule accepts a forgery, or refuses what is genuine",
        "A delivery was changed, signed with another secret or sent again with a new timestamp, and the rule of the contract "
        "still accepts it; or it refuses one that only looks unusual. Our receiver would do the same.",
        "Correct `webhooks.signature`. A timestamp protects only where it is part of `signed:`.",
    ),
    Code(
        "delivery-topic",
        "a delivery says that it is another one",
        "What stands where `webhooks.topic` points is not the topic of this delivery, or nothing stands there.",
        "Route by this value, and give the delivery to the contract that it names.",
    ),
    Code(
        "delivery-id",
        "a delivery cannot be told from its own repetition",
        "Nothing stands where `webhooks.delivery_id` points. Vendors deliver some things twice, and without an id we would do "
        "them twice.",
        "Look whether the header is dropped on the way. Where these deliveries never carry one, say `without: "
        "[delivery_id]` and in `dedupe:` what tells a repetition.",
    ),
    Code(
        "delivery-order",
        "a delivery cannot be put in order",
        "What stands where `webhooks.order_by` points is no moment, or nothing stands there. Deliveries overtake each other, "
        "and an old state would replace a newer one.",
        "Use a moment with its zone, in ISO 8601 or in seconds since 1970; or read the thing itself before you change it.",
    ),
    Code(
        "delivery-sequence",
        "a receiver that follows the contract would take a repeated or a late delivery wrongly",
        "From the delivery others were made: the same again, another one about the same thing, an older one after a newer. Told "
        "apart by what the contract names, one would be dropped that must be acted on, or acted on that must not.",
        "Look at `delivery_id:`, `subject:` and `order_by:`: the id is that of the delivery, not of the thing that it is about.",
    ),
    Code(
        "delivery-challenge",
        "an endpoint that follows the contract would answer the handshake wrongly",
        "The vendor asks with our token and a text, and wants the text back; with anything else it must be refused. The "
        "parameters that the contract names do not lead to that.",
        "Compare `challenge:` with the vendor's documentation: `query:`, `verify:` and `where:` are three parameters.",
    ),
    Code(
        "business",
        "a rule of our own business does not hold",
        "An `assert` in `checks/` failed. Expected is the check's claim (the first line of its docstring), actual is the "
        "message of the assert, or its source.",
        "Read the check: it says why we need this. The vendor's answer may be right by its documentation and still wrong "
        "for us.",
    ),
)

_FAULTS = tuple(Code(each.code, each.title, each.meaning, each.do) for each in FAULTS.values())

CODES: Mapping[str, Code] = MappingProxyType({entry.code: entry for entry in (*_TABLE, *_FAULTS)})

_DECIDE = (
    "Find out who is right: a real answer or the vendor's source decides. Mend the contract or the recording, or list the "
    "difference under `spec_disagrees:` with how you know."
)

_DRIFT = (
    Code(
        "drift-operation",
        "the vendor's spec does not know the operation",
        "No path and method, and no tool, of the spec is the one that the contract asks.",
        _DECIDE,
    ),
    Code(
        "drift-status",
        "the vendor's spec does not declare a status",
        "A case expects a status that the spec does not list for the operation. Specs seldom list failures, so that only an "
        "undeclared success is breaking.",
        _DECIDE,
    ),
    Code(
        "drift-field",
        "the vendor's spec does not know a field",
        "The contract, a recorded answer or our request has a field or a parameter that the spec does not name where it stands.",
        _DECIDE,
    ),
    Code(
        "drift-type",
        "the vendor's spec gives another type",
        "The types of the contract and those of the spec differ: breaking where the spec allows a type that no case of the "
        "operation does, null included.",
        _DECIDE,
    ),
    Code(
        "drift-enum",
        "the vendor's spec gives other values",
        "One side lists values that the other does not: breaking where the spec lists one that no case of the operation allows.",
        _DECIDE,
    ),
    Code(
        "drift-required",
        "one side requires what is optional for the other",
        "The contract counts on a field that the spec may leave out, or a request leaves out what the spec requires.",
        _DECIDE,
    ),
    Code(
        "drift-deprecated",
        "the vendor's spec calls deprecated what we use",
        "An operation, a parameter or a field that the contract uses is marked as deprecated.",
        "Look for the successor, and move before it goes.",
    ),
)

DRIFT_CODES: Mapping[str, Code] = MappingProxyType({entry.code: entry for entry in _DRIFT})
"""The codes of `provendor drift`, which no run of cases prints."""


def explain(code: str) -> Code:
    """Return the entry of a code; raises UsageError that names the nearest one."""
    wanted = code.strip().lower().replace("_", "-")
    entry = CODES.get(wanted) or DRIFT_CODES.get(wanted)
    if entry is None:
        hint = did_you_mean(wanted, (*CODES, *DRIFT_CODES)) or ", run `provendor explain` for all codes"
        raise UsageError(f'unknown code "{code}"{hint}')
    return entry
