from __future__ import annotations

import time

import pytest

from provendor.redaction import credentials


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize(
    "name",
    words(
        """
        Authorization proxy-authorization Cookie SET-COOKIE X-Api-Key apikey api_access_token
        Api-Access-Token X-Shopify-Access-Token x-goog-api-key X-Auth-Token X-CSRF-Token Private-Token
        X-Amz-Security-Token Client-Secret x-secret-id X-Gitlab-Token X-Goog-Iam-Jwt
        """
    ),
)
def test_a_header_that_carries_a_credential(name):
    """In any case, with dashes or underscores."""
    assert credentials.is_secret_header(name)


@pytest.mark.parametrize(
    "name",
    words(
        """
        Content-Type ETag X-Request-Id Idempotency-Key WWW-Authenticate Sec-WebSocket-Key
        X-Hub-Signature Link X-Next-Page-Token Location Author
        """
    ),
)
def test_a_header_that_carries_none(name):
    """Names that sound alike."""
    assert not credentials.is_secret_header(name)


@pytest.mark.parametrize(
    "name",
    words(
        """
        token access_token refreshToken id-token client_secret clientSecret password api_key apiKey
        private_key pubsub_token hmac_token service_role_key jwt PASSWORD webhookSecret anon_key
        accesstoken auth_key sharedKey
        """
    ),
)
def test_a_key_that_holds_a_credential(name):
    """Snake, camel and kebab case."""
    assert credentials.is_secret_key(name)


@pytest.mark.parametrize(
    "name",
    words(
        """
        token_type nextPageToken next_page_token page_token next_token continuationToken progressToken
        pagination_token syncToken tokens_per_day input_tokens tokensUsed key primary_key secretary
        password_min_length author cookie_policy expires_in tokenized password_changed_at
        """
    ),
)
def test_a_key_that_holds_none(name):
    """Places in lists, counts and settings are left alone."""
    assert not credentials.is_secret_key(name)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer abcdefgh123", "Authorization: Bearer <hidden>"),
        ("basic dXNlcjpwYXNzMQ==", "basic <hidden>"),
        ("Bearer authentication is required", "Bearer authentication is required"),
        ('Bearer realm="api"', 'Bearer realm="api"'),
        ("https://x.example/?a=1&access_token=abc#f", "https://x.example/?a=1&access_token=%3Chidden%3E#f"),
        ("see ?key=AB12&page_token=7", "see ?key=%3Chidden%3E&page_token=7"),
        ("?key=%3Capi_key%3E&key=<key>", "?key=%3Capi_key%3E&key=<key>"),
        ("https://ada:pw@x.example/", "https://%3Chidden%3E@x.example/"),
        ("https://x.example:8080/a@b:c@d", "https://x.example:8080/a@b:c@d"),
        (f"a eyJhbGciOiJIUzI1NiJ9.{'eyJzdWIi' * 3}.{'x' * 20} b", "a <hidden> b"),
        (f"key {'shpat_'}{'0a' * 16}", "key <hidden>"),
        (f"{'AIza'}{'x' * 35}", "<hidden>"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n", "<hidden>\n"),
        ("the monkey said shpat_ and AIza", "the monkey said shpat_ and AIza"),
        ('failed: {"access_token":"abc", "page_token":"7"}', 'failed: {"access_token":"<hidden>", "page_token":"7"}'),
        (r"{\"clientSecret\": \"abc\"}", r"{\"clientSecret\": \"<hidden>\"}"),
        ("api_key=ab12cd34 was refused", "api_key=<hidden> was refused"),
        ("X-Api-Key: ab12cd34\nHost: a", "X-Api-Key: <hidden>\nHost: a"),
        ("Mcp-Session-Id: 1868a90c4f2b", "Mcp-Session-Id: <hidden>"),
        ("token: required, password=optional", "token: required, password=optional"),
        (
            '<input type="hidden" name="csrf_token" value="x1">',
            '<input type="hidden" name="csrf_token" value="<hidden>">',
        ),
        ('<input name="page_token" value="x1">', '<input name="page_token" value="x1">'),
        ("eyJhbGciOiJIUzI1NiIs… was cut", "<hidden>… was cut"),
    ],
)
def test_text_is_cleaned_of_what_looks_like_a_credential(text, clean):
    """Whatever the place; sentences about credentials stay."""
    assert credentials.clean(text) == clean
    assert credentials.clean(clean) == clean


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ("Bearer abc", "Bearer <hidden>"),
        ("abc def", "<hidden>"),
        ("Bearer <token>", "Bearer <token>"),
        ("wrong", "wrong"),
        ("%3Ckey%3E", "%3Ckey%3E"),
        ("", ""),
        ("<a><b>", "<hidden>"),
    ],
)
def test_examples_may_be_seen(value, hidden):
    """Contracts send `<name>` and `wrong`, which are nobody's credentials."""
    assert credentials.hidden(value) == hidden


@pytest.mark.parametrize(
    "piece",
    [
        *("Bearer " + "a" * 50, "://a:", "?a=", "-----BEGIN PRIVATE KEY-----", "eyJaaaaaaaa.", "Basic "),
        *('"a":"', '\\"a\\":\\"', "token=", "token: a", '<input name="a" ', "a" * 60 + "="),
    ],
)
def test_hostile_text_is_cleaned_in_time(piece):
    """Patterns do not explode on what almost fits."""
    started = time.process_time()

    credentials.clean(piece * (400_000 // len(piece)))

    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("Mcp-Session-Id", "1868a90c4f2b4d5e", True),
        ("Mcp-Session-Id", "s-1", False),
        ("X-Session-Id", "6f9619ff-8b86-4011-b42d-00cf4fc964ff", True),
        ("X-Request-Id", "6f9619ff-8b86-4011-b42d-00cf4fc964ff", False),
        ("Authorization", "x", True),
    ],
)
def test_the_id_of_a_session_is_a_credential_where_nobody_could_guess_it(name, value, secret):
    """Whoever knows it is in the session; an example opens none."""
    assert credentials.is_secret_in_header(name, value) is secret
