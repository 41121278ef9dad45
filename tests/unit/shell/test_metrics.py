"""A metrics page shows what is so, and no longer what was."""

from plumbline.shell.metrics import Metrics


def test_an_empty_queue_is_shown_before_its_first_key() -> None:
    assert 'workqueue_depth{name="plumbline"} 0.0' in Metrics().text().decode()


def test_a_monitor_that_is_gone_leaves_no_alarm_behind() -> None:
    metrics = Metrics()
    for monitor in ("gone", "kept"):
        metrics.drifted.labels("here", monitor).set(1)
        for column in ("heat", "load"):
            metrics.drift_score.labels("here", monitor, column).set(9)
    metrics.clear_monitor("here", "gone")
    page = metrics.text().decode()
    assert 'monitor="gone"' not in page
    assert 'plumbline_drift_score{column="load",monitor="kept",namespace="here"} 9.0' in page
    metrics.clear_monitor("here", "never-seen")
