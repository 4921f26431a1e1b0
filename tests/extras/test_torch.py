import pytest

torch = pytest.importorskip("torch")

from mlopskit.errors import NotFoundError
from mlopskit.extras.torch import Meter, load_weights, save_weights


def test_a_plain_loop_logs_the_mean_over_rows_of_every_epoch(tracker):
    torch.manual_seed(0)
    X = torch.randn(50, 3)
    y = X.sum(dim=1, keepdim=True)
    net = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    expected = []
    with tracker.start_run() as run:
        meter = Meter(run, "train/")
        for epoch in range(3):
            errors = []
            for start in range(0, 50, 20):  # the last batch is smaller
                batch, wanted = X[start : start + 20], y[start : start + 20]
                each = (net(batch) - wanted) ** 2
                errors += each.detach().flatten().double().tolist()
                optimizer.zero_grad()
                each.mean().backward()
                optimizer.step()
                meter.add(len(batch), loss=each.mean(), constant=2)
            assert meter.log(epoch) == {"train/loss": pytest.approx(sum(errors) / 50), "train/constant": 2.0}
            expected.append(sum(errors) / 50)
    assert run.metric("train/loss")["value"].tolist() == pytest.approx(expected)
    assert expected[-1] < expected[0]


def test_weights_come_back_and_no_code_is_run(tracker):
    net, other = torch.nn.Linear(3, 1), torch.nn.Linear(3, 1)
    with tracker.start_run() as run:
        save_weights(run, "net", net)
    load_weights(tracker.get_run(run.id), "net", other)
    assert torch.equal(net.weight, other.weight)
    with pytest.raises(NotFoundError, match=r"other\.pt"):
        load_weights(run, "other", other)
