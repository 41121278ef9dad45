"""Another release of the operator touches no pod; another server is rolled out like a model."""

from tests.unit.plan.rollout_story import run, served


def test_a_new_operator_image_touches_no_pod():
    world = served(run("one"))
    before = world.of("Deployment")
    world.settings = type(world.settings)(
        trainer_image="registry/trainer:2",
        server_image="registry/server:2",
        store_url="s3://other/{namespace}",
        store_environment={"AWS_REGION": "elsewhere"},
        image_pull_policy="Always",
        namespaces=world.settings.namespaces,
    )
    writes = world.writes
    world.settle()
    assert world.writes == writes
    assert world.of("Deployment") == before


def test_a_new_operator_image_does_not_retry_a_rejected_model():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(500, errors=250)
    world.settle()
    world.settings = type(world.settings)(trainer_image="t:2", server_image="s:2")
    world.settle()
    assert world.rolling_out == ""


def test_the_next_model_takes_up_the_new_operators_image():
    world = served(run("one"))
    world.settings = type(world.settings)(
        trainer_image="t:2", server_image="s:2", namespaces=world.settings.namespaces
    )
    world.add(run("two", revision=2))
    world.settle()
    assert world.canary.image == "s:2"


def test_a_new_server_image_is_rolled_out_like_a_new_model():
    world = served(run("one"))
    world.edit(server={"image": "mine:1"})
    world.settle()
    assert (world.serving, world.rolling_out) == ("one", "one")
    world.roll_out()
    assert world.deployment.status.stable.image == "mine:1"
    assert len(world.of("Deployment")) == 1


def test_more_memory_after_a_rollback_is_a_new_try():
    world = served(run("one"), run("two", revision=2))
    world.settle()
    world.call(500, errors=250)
    world.settle()
    world.edit(server={"resources": {"memory": "2Gi"}})
    world.settle()
    assert world.rolling_out == "two"
