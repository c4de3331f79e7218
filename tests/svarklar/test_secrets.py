import json

import pytest

from svarklar.secrets import DEMO_LOGINS, SecretsUnusable, load_secrets


def test_secrets_are_made_at_first_start_and_stay(settings):
    first = load_secrets(settings, ["anna"])

    assert load_secrets(settings, ["anna"]) == first
    assert json.loads((settings.var / "secrets.json").read_text()).keys() == {
        "ami",
        "api_token",
        "sip",
        "demo",
    }


def test_every_installation_has_its_own(new_settings):
    one, other = (load_secrets(new_settings(), ["anna"]) for _ in range(2))

    assert one.ami != other.ami
    assert one.api_token != other.api_token
    assert not set(one.sip.values()) & set(other.sip.values())


def test_only_the_owner_can_read_the_file(settings):
    load_secrets(settings, [])

    assert (settings.var / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_an_agent_has_a_browser_and_a_phone_and_the_phone_page_one_of_its_own(settings):
    secrets = load_secrets(settings, ["anna"])

    assert secrets.sip.keys() == {"webcaller", "anna-browser", "anna-phone"}
    assert len(set(secrets.sip.values())) == 3


def test_a_later_agent_changes_nobody_elses_secrets(settings):
    before = load_secrets(settings, ["anna"])
    after = load_secrets(settings, ["anna", "bo"])

    assert after.sip.keys() - before.sip.keys() == {"bo-browser", "bo-phone"}
    assert before.sip.items() <= after.sip.items()
    assert (after.ami, after.api_token, after.demo) == (before.ami, before.api_token, before.demo)


def test_demo_logins_exist_only_where_the_demo_is_wanted(new_settings):
    assert load_secrets(new_settings(), []).demo.keys() == set(DEMO_LOGINS)
    assert load_secrets(new_settings(demo=False), []).demo == {}


def test_a_file_that_others_can_read_is_refused_with_what_to_do(settings):
    load_secrets(settings, [])
    (settings.var / "secrets.json").chmod(0o640)

    with pytest.raises(SecretsUnusable, match="chmod 600"):
        load_secrets(settings, [])


@pytest.mark.parametrize(
    "content", ["", "[]", '{"ami": "x"}', '{"ami": 1, "api_token": 2, "sip": 3, "demo": 4}']
)
def test_a_damaged_file_is_refused_and_kept(settings, content):
    load_secrets(settings, [])
    path = settings.var / "secrets.json"
    path.write_text(content)

    with pytest.raises(SecretsUnusable, match="damaged"):
        load_secrets(settings, [])
    assert path.read_text() == content


def test_an_error_about_the_file_tells_no_secret(settings):
    load_secrets(settings, [])
    (settings.var / "secrets.json").write_text('{"ami": "hunter2"}')

    with pytest.raises(SecretsUnusable) as refused:
        load_secrets(settings, [])
    assert "hunter2" not in str(refused.value)


def test_secrets_do_not_show_when_printed(settings):
    secrets = load_secrets(settings, ["anna"])

    assert secrets.ami not in repr(secrets)
    assert secrets.sip["anna-phone"] not in repr(secrets)


@pytest.mark.parametrize(
    "name", ["", "Anna", "anna bo", "anna\n[x]", "../anna", "anna-phone", "åsa", "1anna"]
)
def test_a_name_no_agent_may_have_makes_no_secret(settings, name):
    with pytest.raises(ValueError, match="agent name"):
        load_secrets(settings, [name])
    assert not (settings.var / "secrets.json").exists()
