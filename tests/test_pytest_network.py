"""Under pytest the network is off: an attempt fails the test with the address, whatever the code does about it."""

from __future__ import annotations

import pytest

from pytest_suites import DAY, PASSES, Answer, a_check, a_suite, outcomes_of

NOW = f"--provendor-now={DAY}"
FAR = '("192.0.2.1", 443)'  # reserved for documentation: nobody answers there


@pytest.fixture
def session(pytester):
    """A folder with one contract, so that the network is off for all its tests."""
    a_suite(pytester.path)
    return pytester


def test_a_test_that_connects_fails_with_the_address(session):
    """The report names address and line."""
    session.makepyfile(f"import socket\n\ndef test_it():\n    socket.create_connection({FAR})\n")

    result = session.runpytest(NOW)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*the network is off: connect 192.0.2.1:443 at *.py:4"])


def test_a_test_that_swallows_the_error_fails_too(session):
    """Catching everything does not help."""
    session.makepyfile(
        """
        import socket

        def test_it():
            try:
                socket.getaddrinfo("vendor.example", 443)
            except Exception:
                pass
        """
    )

    result = session.runpytest(NOW)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["the network is off: resolve vendor.example:443 at *.py:5"])


@pytest.mark.parametrize("how", ["skip", "xfail"])
def test_a_test_that_skips_afterwards_fails_too(session, how):
    """A test that gives up because it is offline still tells that it wanted to go out."""
    session.makepyfile(
        f"""
        import socket
        import pytest

        def test_it():
            try:
                socket.create_connection({FAR})
            except OSError:
                pytest.{how}("offline")
        """
    )

    session.runpytest(NOW).assert_outcomes(passed=1, failed=1)


def test_a_test_that_fails_for_another_reason_shows_the_address_too(session):
    """The library's own complaint stays, and what lies behind it is added."""
    session.makepyfile(
        f"""
        import socket

        def test_it():
            try:
                socket.create_connection({FAR})
            except OSError:
                raise RuntimeError("cannot load the price list") from None
        """
    )

    result = session.runpytest(NOW)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*RuntimeError: cannot load the price list", "*- network -*", "the network is off: connect 192.0.2.1:443 at *"]
    )


def test_a_thread_fails_the_test_that_is_running(session):
    """Work in the background is no way out."""
    session.makepyfile(
        f"""
        import contextlib, socket, threading

        def work():
            with contextlib.suppress(OSError):
                socket.create_connection({FAR})

        def test_it():
            thread = threading.Thread(target=work, name="loader")
            thread.start()
            thread.join()
        """
    )

    result = session.runpytest(NOW)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*connect 192.0.2.1:443 at * in thread loader"])


@pytest.mark.parametrize(("scope", "outcome"), [("setup", "errors"), ("teardown", "errors")])
def test_a_fixture_that_connects_is_an_error(session, scope, outcome):
    """Setup and teardown are watched as well."""
    before, after = (("connect()", "pass"), ("pass", "connect()"))[scope == "teardown"]
    session.makepyfile(
        f"""
        import contextlib, socket
        import pytest

        def connect():
            with contextlib.suppress(OSError):
                socket.create_connection({FAR})

        @pytest.fixture
        def service():
            {before}
            yield
            {after}

        def test_it(service):
            pass
        """
    )

    result = session.runpytest(NOW)

    assert result.parseoutcomes()[outcome] == 1
    result.stdout.fnmatch_lines(["*the network is off: connect 192.0.2.1:443 at *"])
    assert result.ret == 1


def test_what_comes_after_the_last_test_is_told(session):
    """A thread that outlives the tests cannot fail one; it fails the session."""
    session.makeconftest(
        f"""
        import contextlib, socket

        def pytest_runtest_logfinish(nodeid):
            if nodeid.endswith("::ok"):
                with contextlib.suppress(OSError):
                    socket.create_connection({FAR})
        """
    )

    result = session.runpytest(NOW, "-p", "no:randomly")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["after the last test, the network is off: connect 192.0.2.1:443 at *"])
    assert result.ret != 0


def test_a_test_reaches_its_own_server_where_marked(session):
    """`@pytest.mark.loopback` opens 127.0.0.1 for that test, and for that test alone."""
    session.makepyfile(
        """
        import socket
        import pytest

        def talk():
            with socket.create_server(("127.0.0.1", 0)) as server:
                socket.create_connection(server.getsockname()).close()

        @pytest.mark.loopback
        def test_marked():
            talk()

        def test_plain():
            talk()

        @pytest.mark.loopback
        def test_far():
            socket.create_connection(("192.0.2.1", 443))
        """
    )

    result = session.runpytest(NOW, "-v", "-p", "no:randomly")

    result.stdout.fnmatch_lines(["*::test_marked PASSED*", "*::test_plain FAILED*", "*::test_far FAILED*"])
    result.stdout.fnmatch_lines(["*a test's own server needs @pytest.mark.loopback"])


def test_a_check_that_connects_is_an_error_of_its_case(session):
    """A business check cannot ask the network behind our back, nor hide that it tried."""
    a_suite(session.path, {"loud": PASSES, "quiet": Answer(body="Bergen")})
    a_check(
        session.path,
        f"""\
import contextlib, socket
quiet = contextlib.suppress(OSError) if exchange.json["city"] == "Bergen" else contextlib.nullcontext()
with quiet:
    socket.create_connection({FAR})""",
    )

    result = session.runpytest(NOW)

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*connect 192.0.2.1:443 at *weather.py:*"])
    assert outcomes_of(session.path) == {"loud": "error", "quiet": "error"}


@pytest.mark.loopback  # the session around this one watches too
def test_the_setting_leaves_other_tests_alone(session):
    """`provendor_network = contracts` keeps the network off for cases only."""
    session.makeini("[pytest]\nprovendor_network = contracts\n")
    a_check(session.path, f"import socket\nsocket.create_connection({FAR})")
    session.makepyfile(
        """
        import socket

        def test_it():
            with socket.create_server(("127.0.0.1", 0)) as server:
                socket.create_connection(server.getsockname()).close()
        """
    )

    session.runpytest(NOW).assert_outcomes(passed=1, failed=1)
    assert outcomes_of(session.path) == {"ok": "error"}


def test_a_setting_that_does_not_exist_is_a_usage_error(session):
    """A misspelt setting does not switch anything off."""
    session.makeini("[pytest]\nprovendor_network = on\n")

    result = session.runpytest(NOW)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: provendor_network: expected off or contracts, got 'on'"])


@pytest.mark.loopback  # the session around this one watches too
def test_a_session_without_cases_keeps_its_network(session):
    """Whoever runs only own tests is not affected by contracts that lie beside them."""
    file = session.makepyfile(
        """
        import socket

        def test_it():
            with socket.create_server(("127.0.0.1", 0)) as server:
                socket.create_connection(server.getsockname()).close()
        """
    )

    session.runpytest(NOW, file).assert_outcomes(passed=1)


def test_workers_are_watched_too(session):
    """Under pytest-xdist each worker keeps its own network off, and what comes late is still told."""
    session.makeconftest(
        """
        import contextlib, os, socket

        def pytest_runtest_logfinish(nodeid):
            if nodeid.endswith("::ok") and "PYTEST_XDIST_WORKER" in os.environ:
                with contextlib.suppress(OSError):
                    socket.getaddrinfo("late.example", 1)
        """
    )
    session.makepyfile(f"import socket\n\ndef test_it():\n    socket.create_connection({FAR})\n")

    result = session.runpytest_subprocess(NOW, "-n", "2")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*the network is off: connect 192.0.2.1:443 at *.py:4"])
    result.stdout.fnmatch_lines(["after the last test, the network is off: resolve late.example:1 at *"])


def test_a_replay_opens_no_socket_and_asks_no_environment(session, monkeypatch):
    """Not even a socket is made, and no variable of the contract is looked at."""
    monkeypatch.delenv("WEATHER_KEY", raising=False)
    session.makeconftest(
        """
        import sys

        made = []
        sys.addaudithook(lambda event, args: made.append(event) if event == "socket.__new__" else None)

        def pytest_runtest_logreport(report):
            print("sockets", len(made))
        """
    )

    result = session.runpytest_subprocess(NOW, "-s")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*sockets 0*"])
    assert "sockets 1" not in result.stdout.str()
