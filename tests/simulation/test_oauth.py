"""Signing in and staying signed in."""

import pytest

from crosswatch_trakt.adapters.clock import ManualClock
from crosswatch_trakt.adapters.simulator.oauth import TOKEN_LIFE_S
from tests.simulation.client import Answer, Client, fresh


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def trakt(clock: ManualClock) -> Client:
    return fresh(clock)


def poll(trakt: Client, begun: Answer) -> int:
    return trakt.oauth("device/token", code=begun.json["device_code"]).status


def test_a_device_login_asks_for_a_page_a_code_and_patience(trakt: Client) -> None:
    begun = trakt.oauth("device/code").json

    assert begun["verification_url"] == "https://auth.trakt.tv/activate"
    assert (begun["expires_in"], begun["interval"], len(begun["user_code"])) == (600, 5, 8)


def test_a_login_that_waits_is_400_with_an_empty_body(trakt: Client) -> None:
    begun = trakt.oauth("device/code")
    pending = trakt.oauth("device/token", code=begun.json["device_code"])

    assert (pending.status, pending.body) == (400, b"")


def test_an_approved_login_gives_a_pair_that_works_for_seven_days(trakt: Client, clock: ManualClock) -> None:
    begun = trakt.oauth("device/code")
    assert trakt.simulator.approve(begun.json["user_code"].lower())
    pair = trakt.oauth("device/token", code=begun.json["device_code"]).json
    bearer = f"Bearer {pair['access_token']}"

    assert pair["expires_in"] == TOKEN_LIFE_S == 7 * 86_400
    assert pair["created_at"] == int(clock.now().timestamp())
    assert trakt.get("/users/settings", Authorization=bearer).status == 200
    clock.advance(TOKEN_LIFE_S)
    assert trakt.get("/users/settings", Authorization=bearer).status == 401


def test_every_other_end_of_a_login_has_its_status(trakt: Client, clock: ManualClock) -> None:
    used, denied, old = (trakt.oauth("device/code") for _ in range(3))
    trakt.simulator.approve(used.json["user_code"])
    trakt.simulator.deny(denied.json["user_code"])

    assert trakt.oauth("device/token", code="no such code").status == 404
    assert [poll(trakt, used), poll(trakt, used)] == [200, 409]
    assert poll(trakt, denied) == 418
    clock.advance(600)
    assert poll(trakt, old) == 410


def test_polling_faster_than_the_interval_is_429(trakt: Client, clock: ManualClock) -> None:
    begun = trakt.oauth("device/code")
    first = poll(trakt, begun)
    clock.advance(2)
    hasty = poll(trakt, begun)
    clock.advance(5)

    assert [first, hasty, poll(trakt, begun)] == [400, 429, 400]


def test_a_refresh_token_works_once(trakt: Client) -> None:
    old = trakt.simulator.account.refresh_token
    fields = {"grant_type": "refresh_token", "redirect_uri": "urn:ietf:wg:oauth:2.0:oob"}
    first = trakt.oauth("token", refresh_token=old, **fields)
    again = trakt.oauth("token", refresh_token=old, **fields)

    assert first.status == 200
    assert first.json["refresh_token"] == trakt.simulator.account.refresh_token != old
    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    assert trakt.oauth("token", refresh_token=first.json["refresh_token"], **fields).status == 200


def test_a_revoked_pair_neither_reads_nor_refreshes(trakt: Client) -> None:
    account = trakt.simulator.account
    revoked = trakt.oauth("revoke", token=account.access_token)
    refreshed = trakt.oauth("token", grant_type="refresh_token", refresh_token=account.refresh_token)

    assert (revoked.status, revoked.body) == (200, b"")
    assert trakt.get("/sync/last_activities").status == 401
    assert refreshed.json["error"] == "invalid_grant"
    assert trakt.oauth("revoke", token="no such token").status == 200


def test_all_pairs_can_be_ended_at_once(trakt: Client) -> None:
    trakt.simulator.oauth.revoke_all()

    assert trakt.get("/sync/last_activities").status == 401
    trakt.simulator.oauth.sign_in(trakt.simulator.account)
    assert trakt.get("/sync/last_activities").status == 200


def test_only_the_refresh_grant_and_known_endpoints_are_there(trakt: Client) -> None:
    assert trakt.oauth("token", grant_type="password").json["error"] == "unsupported_grant_type"
    assert trakt.oauth("nothing").status == 404
    assert not trakt.simulator.approve("no such code")


def test_a_deleted_app_is_an_invalid_client(trakt: Client) -> None:
    trakt.simulator.app_deleted = True
    refresh_token = trakt.simulator.account.refresh_token

    for answer in (
        trakt.oauth("device/code"),
        trakt.oauth("token", grant_type="refresh_token", refresh_token=refresh_token),
    ):
        assert (answer.status, answer.json["error"]) == (400, "invalid_client")


def test_a_secret_is_asked_for_only_if_the_app_has_one(trakt: Client) -> None:
    def refresh(**fields: str) -> Answer:
        token = trakt.simulator.account.refresh_token
        return trakt.oauth("token", grant_type="refresh_token", refresh_token=token, **fields)

    assert refresh().status == 200
    trakt.simulator.client_secret = "hush"
    assert refresh().json["error"] == "invalid_client"
    assert refresh(client_secret="hush").status == 200


def test_a_login_can_be_for_another_account(trakt: Client) -> None:
    other = trakt.simulator.add_account("ben", "uuid-of-ben")
    begun = trakt.oauth("device/code")
    trakt.simulator.approve(begun.json["user_code"], other)
    token = trakt.oauth("device/token", code=begun.json["device_code"]).json["access_token"]

    settings = trakt.get("/users/settings", Authorization=f"Bearer {token}").json
    assert settings["user"]["ids"]["uuid"] == "uuid-of-ben"
