"""What a contract says, once it has been read: frozen classes without behaviour of their own.

`loading` makes these from YAML; everything downstream reads them.

Suite
└── Vendor            vendor.yaml: environments, variables, secrets, auth, error table, ...
    └── Operation     one request the vendor answers
        └── Case      that request under one condition, and what must come back (Expect)

Annotations are values here, not texts as elsewhere: NamedTuple would compile each text, for 240 fields in every command.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from provendor.exchange import Json
from provendor.schemas.schema import Schema
from provendor.signature import SignatureRule

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Place(NamedTuple):
    """Where something stands: a file relative to the suite's root, line and column counting from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Variable(NamedTuple):
    """A value that differs between environments. `example` is what replay and cassettes use.

    A secret is a variable whose example defaults to `<name>` and whose live value never reaches disk or console. One that
    is `generated` is new for every request: an idempotency key.
    """

    name: str
    env: str | None
    example: str | int | float | bool
    default: str | None = None
    secret: bool = False
    title: str = ""
    generated: bool = False


class Environment(NamedTuple):
    """One place where the vendor can be called. `base_url.example` is what replay uses.

    A `private` one stands in our own network: a production there may be at a private address, or on this machine.
    `proxy`, `ca_bundle` and `client_certificate` name environment variables; an empty `proxy` is none at all.
    """

    name: str
    base_url: Variable
    private: bool = False
    proxy: str | None = None
    ca_bundle: str | None = None
    client_certificate: str | None = None


class Auth(NamedTuple):
    """One credential on a request.

    header  `name`: `value`            bearer  Authorization: Bearer `value`
    query   ?`name`=`value`            basic   Authorization: Basic base64(`name`:`value`)

    `name` and `value` are templates.
    """

    kind: Literal["header", "bearer", "query", "basic"]
    name: str
    value: str


class Oauth2(NamedTuple):
    """How an access token is had: the operation `token` is asked, and its answer fills the secret `gives`.

    `assertion` is what a service account signs: `issuer`, `key`, `key_id`, `audience`, `scope`, and the name that it `gives`.
    """

    grant: Literal["client_credentials", "refresh_token", "jwt_bearer"]
    token: str
    gives: str
    assertion: Mapping[str, str] | None = None


class Guide(NamedTuple):
    """A page about one task: Markdown, and the operations that it needs, as ids or patterns in the order of the page."""

    name: str
    title: str
    text: str
    operations: tuple[str, ...]


class Indicator(NamedTuple):
    """A ratio that the business watches: from `ok` on it is fine, from `warn` on degraded, below that a failure.

    Fewer than `min` counted say nothing.
    """

    name: str
    title: str
    ok: float
    warn: float
    min: int = 1


class Window(NamedTuple):
    """A time in which alerts are quiet, in seconds since 1970; `operations` are ids or patterns, none means all."""

    begins: float
    ends: float
    reason: str
    operations: tuple[str, ...] = ()


class RateLimit(NamedTuple):
    """What the vendor allows: `requests` per `per_s` seconds."""

    requests: int
    per_s: float


class JsonTest(NamedTuple):
    """A JSONPath (RFC 9535) and what one of its nodes must be: equal, like a pattern, or just present or absent."""

    path: str
    equals: Json = None
    pattern: str | None = None
    present: bool | None = None


class HeaderTest(NamedTuple):
    """A header and what it must be: equal, like a pattern (searched), or just present or absent."""

    name: str
    equals: str | None = None
    pattern: str | None = None
    present: bool | None = None


class StatusSet:
    """Statuses a contract allows: exact ones and whole classes (`2xx` is 2)."""

    __slots__ = ("classes", "exact")

    def __init__(self, exact: frozenset[int], classes: frozenset[int] = frozenset()) -> None:
        self.exact = exact
        self.classes = classes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StatusSet) and (self.exact, self.classes) == (other.exact, other.classes)

    def __hash__(self) -> int:
        return hash((self.exact, self.classes))

    def __repr__(self) -> str:
        return f"StatusSet({self})"

    def __contains__(self, status: int) -> bool:
        return status in self.exact or status // 100 in self.classes

    def __str__(self) -> str:
        return " or ".join([str(s) for s in sorted(self.exact)] + [f"{c}xx" for c in sorted(self.classes)])


class ErrorRule(NamedTuple):
    """One row of the error table: all conditions given must hold; the first row that matches names the error."""

    code: str
    retryable: bool
    status: StatusSet | None = None
    headers: tuple[HeaderTest, ...] = ()
    json: tuple[JsonTest, ...] = ()
    text: str | None = None
    title: str = ""
    place: Place | None = None


class Body(NamedTuple):
    """A request body before its variables are filled in.

    json  `value` is any JSON value      form  `value` is an object of strings
    raw   `value` is text, sent as `content_type`
    """

    kind: Literal["json", "form", "raw"]
    value: Json
    content_type: str | None = None


class GraphqlCall(NamedTuple):
    """A GraphQL document under one version of the vendor's schema; its text stands in the template's body already."""

    document: str
    version: str
    operation: str | None
    variables: Mapping[str, Json] = _NOTHING

    @property
    def key(self) -> str:
        """What is derived from the document's operation under this version is kept under this key."""
        return " ".join(filter(None, (self.document, self.version, self.operation)))


class McpCall(NamedTuple):
    """A call of an MCP server: of a tool, or of any other method.

    Up to revision 2025-11-25 it comes after `initialize`, in a session where the server opens one; from 2026-07-28 on every
    call stands for itself. `handshake` is `none` where a server of the older kind answers without being initialised.
    """

    method: str
    revision: str
    tool: str | None = None
    arguments: Mapping[str, Json] = _NOTHING
    params: Mapping[str, Json] = _NOTHING
    client: tuple[str, str] = ("provendor", "1")
    meta: Mapping[str, Json] = _NOTHING
    handshake: Literal["initialize", "none"] = "initialize"

    @property
    def stateless(self) -> bool:
        """Whether every call stands for itself; revisions are days, so that they can be compared as text."""
        return self.revision >= "2026-07-28"


class Template(NamedTuple):
    """A case's request before its variables are filled in: the operation's, changed by the case's `with:`."""

    method: str
    target: str
    path: Mapping[str, Json] = _NOTHING
    query: Mapping[str, Json] = _NOTHING
    headers: Mapping[str, str] = _NOTHING
    body: Body | None = None
    auth: tuple[Auth, ...] = ()
    wrong_auth: bool = False
    graphql: GraphqlCall | None = None
    mcp: McpCall | None = None


class OfferedTool(NamedTuple):
    """A tool that an MCP server must offer, and examples of arguments that its input schema must accept."""

    name: str
    accepts: tuple[Json, ...] = ()


class McpAnswer(NamedTuple):
    """What the answer to an MCP call of this method must hold.

    `result` describes a tool's result (structured content, else JSON in the first text), or that of any other method.
    """

    method: str
    result: Schema | None = None
    tools: tuple[OfferedTool, ...] = ()


class Expect(NamedTuple):
    """What must come back. None means that the contract says nothing about it.

    `error` is the code that the error table must give this answer; None means that no row may match. `version` is the
    header that names the version that answered, and the version that was asked. `echo` means that the vendor sends our own
    credential back by design. `warnings` pairs a JSONPath with the name
    of the warning that it finds.
    """

    status: StatusSet
    headers: tuple[HeaderTest, ...] = ()
    content_type: str | None = None
    body: Schema | None = None
    text: str | None = None
    empty: bool = False
    error: str | None = None
    errors: tuple[ErrorRule, ...] = ()
    version: tuple[str, str] | None = None
    warnings: tuple[tuple[str, str], ...] = ()
    mcp: McpAnswer | None = None
    echo: bool = False
    indicators: Mapping[str, Indicator] = _NOTHING
    warn_after_ms: float | None = None
    fail_after_ms: float | None = None
    max_age_days: int | None = None
    today: date | None = None
    secrets: tuple[str, ...] = ()


class Pending(NamedTuple):
    """Known trouble with an end: until that day (exclusive) a failure is expected."""

    reason: str
    until: date
    ticket: str | None = None


class Probe(NamedTuple):
    """That an operation may be asked of production, and how often. Times are seconds and milliseconds."""

    every_s: float
    timeout_s: float
    warn_after_ms: float | None = None
    fail_after: int = 1
    recover_after: int = 1


class Paging(NamedTuple):
    """How an operation hands out a list page by page, and how to ask for the next.

    `next` is the JSONPath of the cursor, of the next page's URL, or of GraphQL's pageInfo; `send` says where the cursor or
    the number goes: `query`, `json`, `header` or `graphql`, and the name there. `items` leads to a page's list, `id` from an
    item to what tells it from others. `total`, `pages` and `more` lead to what the vendor says of the whole list. `size` is
    how many items every page but the last holds; None where the vendor does not promise it.
    """

    style: Literal["cursor", "page", "offset", "link", "content-range", "graphql"]
    items: str
    next: str | None = None
    send: tuple[str, str] | None = None
    id: str | None = None
    total: str | None = None
    pages: str | None = None
    more: str | None = None
    size: int | None = None
    first: int = 1
    max_pages: int = 20


class Capture(NamedTuple):
    """A value that a step leaves for the steps after it: the first path that finds one wins.

    What is `secret` is shown nowhere and stands in cassettes as `<name>`.
    """

    name: str
    paths: tuple[str, ...]
    secret: bool = False


class Poll(NamedTuple):
    """Asking again until the work is done. Times are seconds; of several tests one must hold.

    `running` are the states in which it goes on; empty means every state that is neither done nor failed.
    """

    every_s: float
    within_s: float
    until: tuple[JsonTest, ...]
    fail_when: tuple[JsonTest, ...] = ()
    running: tuple[JsonTest, ...] = ()


class Cleanup(NamedTuple):
    """What takes away again what a live call has made: a case of another operation, and the values that name it.

    Captures are taken out of the answer that made it; where one finds several values, each of them is taken away.
    """

    case: "Case"
    captures: tuple[Capture, ...] = ()


class FlowStep(NamedTuple):
    """One step of a flow: a case of an operation, which says what is asked and what a step on the way must answer.

    `key` is where the step stands, as `file#pointer`. `cleanup` takes away what the work of this step has made.
    """

    name: str
    case: "Case"
    key: str
    captures: tuple[Capture, ...] = ()
    poll: Poll | None = None
    cleanup: Cleanup | None = None


class Flow(NamedTuple):
    """Steps in order, up to and including the one at which the case ends.

    `ends` is the code of flows with which it ends there, such as `flow-timeout`; None where the last answer says it all.
    """

    steps: tuple[FlowStep, ...]
    ends: str | None = None


class Challenge(NamedTuple):
    """How a vendor asks whether an endpoint is ours: a GET whose query holds our token and a text to send back.

    `query` is the parameter with that text, `verify` the one with the token. `secret` names the token, which the vendor
    must know. `where` are other parameters and what they must be.
    """

    query: str
    verify: str
    secret: str
    where: tuple[tuple[str, str], ...] = ()


class Delivery(NamedTuple):
    """What a vendor posts to us. `secret` names the secret that signs it; without a rule it is not signed.

    Places are each a header, or a JSONPath into the body: `topic_at` of its topic, `delivery_id` of what tells a repetition,
    `subject` of what it is about, with the kind of thing before, `order_by` of the moment that puts deliveries about one
    thing in order. `dedupe` says in words what tells a repetition where no such place does.
    """

    topic: str | None = None
    topic_at: str | None = None
    delivery_id: tuple[str, ...] = ()
    subject: tuple[str, tuple[str, ...]] | None = None
    order_by: str | None = None
    signature: SignatureRule | None = None
    secret: str | None = None
    challenge: Challenge | None = None
    scope: str = ""
    dedupe: str = ""
    needed_by: str = ""


class McpServer(NamedTuple):
    """Where a vendor speaks MCP, over HTTP or as a `command` that is started, and what every call to it shares."""

    revision: str
    target: str
    method: str = "POST"
    command: tuple[str, ...] = ()
    client: tuple[str, str] = ("provendor", "1")
    meta: Mapping[str, Json] = _NOTHING
    arguments: Mapping[str, Json] = _NOTHING
    handshake: Literal["initialize", "none"] = "initialize"


Plan: TypeAlias = Paging | Flow | Delivery | McpCall
"""How a case asks where one request is not enough; `asking` knows the module that carries each kind out."""


class Case(NamedTuple):
    """One operation under one condition, with what must come back. Without a plan, it asks with one request."""

    vendor: str
    operation: str
    name: str
    template: Template
    expect: Expect
    place: Place
    summary: str = ""
    live: bool = True
    pending: Pending | None = None
    safety: Literal["read", "write"] = "read"
    plan: Plan | None = None
    case_set: str | None = None

    @property
    def id(self) -> str:
        """The selector of exactly this case: `chatwoot/conversations.list:ok`."""
        return f"{self.vendor}/{self.operation}:{self.name}"

    @property
    def way(self) -> tuple[str, ...]:
        """The keys that lead to the case in its file: `operations`, `conversations.list`, `cases`, `ok`.

        One that several operations share stands under `case_sets`, the set's name and its own.
        """
        if self.case_set is not None:
            return "case_sets", self.case_set, self.name
        return self.section, self.operation, "cases", self.name

    @property
    def section(self) -> str:
        """The section of a resource file under which the case stands."""
        return (
            "flows"
            if isinstance(self.plan, Flow)
            else "deliveries"
            if isinstance(self.plan, Delivery)
            else "operations"
        )

    @property
    def cassette(self) -> str:
        """The cassette's path below the cassettes folder: `chatwoot/conversations.list/ok.yaml`."""
        return f"{self.vendor}/{self.operation}/{self.name}.yaml"


class Operation(NamedTuple):
    """One thing we ask of a vendor. `errors` are its own rules, tried before the vendor's.

    A flow is one as well: its `template` is that of its first step, and each of its cases has a `Flow` for a plan.
    """

    vendor: str
    id: str
    summary: str
    template: Template
    safety: Literal["read", "write"]
    place: Place
    cases: tuple[Case, ...]
    probe: Probe | None = None
    notes: str = ""
    idempotency: str = ""
    errors: tuple[ErrorRule, ...] = ()
    paging: Paging | None = None
    cleanup: Cleanup | None = None


class Disagreement(NamedTuple):
    """A difference from the vendor's own spec that is known: the spec is wrong, or says less than is true.

    `at` is a pattern of operation ids, after a `#` one of places in the answer; `code` is that of the difference, `ours` and
    `theirs` are patterns of what either side says there. An entry with several places is as many of these.
    """

    at: str
    code: str
    reason: str
    place: Place
    ours: str | None = None
    theirs: str | None = None


class Tolerance(NamedTuple):
    """Changes of answers that do not hurt us, so that the contract need not catch them.

    `at` is as in `Disagreement`; `operators` are names of ways in which vendors break answers.
    """

    at: str
    operators: tuple[str, ...]
    reason: str
    place: Place


class GraphqlEndpoint(NamedTuple):
    """Where a vendor answers GraphQL, and its pruned schemas: version to file. `{version}` in `target` is the call's."""

    method: str
    target: str
    version: str
    schemas: Mapping[str, str]
    scalars: Mapping[str, Json] = _NOTHING
    open_enums: tuple[str, ...] = ()
    deprecated: tuple[str, ...] = ()


class Vendor(NamedTuple):
    """One folder under contracts/. Mappings are read-only and keyed by name; `errors` is in matching order."""

    name: str
    title: str
    folder: Path
    place: Place
    digest: str
    owner: str = ""
    docs: str = ""
    runbook: str = ""
    notes: str = ""
    api_version: str | None = None
    api_version_ends: date | None = None
    environments: Mapping[str, Environment] = _NOTHING
    live_flag: str | None = None
    variables: Mapping[str, Variable] = _NOTHING
    rate_limit: RateLimit | None = None
    errors: tuple[ErrorRule, ...] = ()
    max_age_days: int = 365
    redact: tuple[str, ...] = ()
    version_header: str | None = None
    warnings: tuple[tuple[str, str], ...] = ()
    graphql: GraphqlEndpoint | None = None
    mcp: McpServer | None = None
    oauth2: Oauth2 | None = None
    indicators: Mapping[str, Indicator] = _NOTHING
    guides: tuple[Guide, ...] = ()
    maintenance: tuple[Window, ...] = ()
    spec_disagrees: tuple[Disagreement, ...] = ()
    tolerates: tuple[Tolerance, ...] = ()
    operations: Mapping[str, Operation] = _NOTHING
    flows: Mapping[str, Operation] = _NOTHING
    deliveries: Mapping[str, Operation] = _NOTHING

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every case of every operation in the order of the files, then those of flows and of deliveries."""
        asked = (*self.operations.values(), *self.flows.values(), *self.deliveries.values())
        return tuple(case for operation in asked for case in operation.cases)


class Suite(NamedTuple):
    """All contracts below one root folder (the folder that holds `contracts/`)."""

    root: Path
    vendors: Mapping[str, Vendor]

    @property
    def cases(self) -> tuple[Case, ...]:
        """Every case of every vendor."""
        return tuple(case for vendor in self.vendors.values() for case in vendor.cases)
