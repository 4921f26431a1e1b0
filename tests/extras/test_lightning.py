import pytest

torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning")

from mlopskit.extras.lightning import RunLogger


class Net(lightning.LightningModule):
    def __init__(self, rate=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(2, 1)

    def training_step(self, batch, _):
        loss = self.layer(batch[0]).square().mean()
        self.log("loss", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.rate)


def test_a_trainer_logs_hyperparameters_and_metrics(tracker, tmp_path):
    rows = torch.utils.data.TensorDataset(torch.ones(8, 2))
    with tracker.start_run("net", params={"depth": 1}) as run:
        trainer = lightning.Trainer(
            max_epochs=3, logger=RunLogger(run), accelerator="cpu", enable_checkpointing=False, log_every_n_steps=1,
            enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path,
        )  # fmt: skip
        trainer.fit(Net(), torch.utils.data.DataLoader(rows, batch_size=4))
        assert run.status == "running"
    assert run.params == {"depth": 1, "rate": 0.1}
    losses = run.metric("loss")["value"].tolist()
    assert len(losses) == 3
    assert losses == sorted(losses, reverse=True)
