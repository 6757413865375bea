"""The pieces of all accounts by family, in the order of the table of metrics."""

from collections.abc import Mapping

from fusionsolar_exporter.metrics.cut_series import CUT_SERIES, Cuts, cut_samples
from fusionsolar_exporter.metrics.families import DATA_SCOPES, FAMILIES
from fusionsolar_exporter.metrics.text import label_value, number, pairs
from fusionsolar_exporter.rendering.account_pieces import AccountPieces
from fusionsolar_exporter.rendering.exposition import DataFamily
from fusionsolar_exporter.rendering.piece import Piece


def data_families(accounts: Mapping[str, AccountPieces]) -> list[DataFamily]:
    """What is known of plants, devices and alarms."""
    return [
        DataFamily(
            name,
            [
                (label_value(account), pieces.by_metric[name])
                for account, pieces in accounts.items()
                if name in pieces.by_metric
            ],
        )
        for name, family in FAMILIES.items()
        if family.scope in DATA_SCOPES
    ]


def cut_family(cuts: Cuts) -> DataFamily:
    """What limits cut."""
    return DataFamily(
        CUT_SERIES.name,
        [
            (
                sample.labels["account"],
                Piece.of(f"{sample.name}{{{','.join(pairs(sample.labels))}}} {number(sample.value)}\n".encode(), 1),
            )
            for sample in cut_samples(cuts)
        ],
    )
