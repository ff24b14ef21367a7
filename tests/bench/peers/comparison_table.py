"""What the records of train_vs_peft.py say, as text."""

import statistics

LOSS_TOLERANCE = {"bf16": 1e-2, "float32": 1e-4}  # relative, of the first step
SETTINGS = ("threads", "documents", "compile", "autocast")


class Case:
    """The records of one shape, sequence and precision."""

    def __init__(self, records):
        self.records = records
        self.shape, self.sequence, self.precision = (records[0][name] for name in ("shape", "sequence", "precision"))
        self.ours, self.theirs = self.of("ropewalk", "compare"), self.of("peft", "compare")

    def of(self, system, role):
        return [record for record in self.records if (record["system"], record["role"]) == (system, role)]

    def losses_agree(self):
        return abs(self.ours[0]["losses"][0] / self.theirs[0]["losses"][0] - 1) < LOSS_TOLERANCE[self.precision]

    def row(self):
        speeds, peaks = ([median(runs, name) for runs in (self.ours, self.theirs)] for name in ("tokens_per_second", "peak_bytes"))
        return (f"{self.shape:14} {self.sequence:8} {self.precision:9} | {speeds[0]:10.0f} {speeds[1]:8.0f} {speeds[0] / speeds[1]:6.2f} | "
                f"{peaks[0] / 1e9:7.2f} {peaks[1] / 1e9:6.2f} {peaks[0] / peaks[1]:6.2f} | {median(self.ours, 'matmul_share'):12.2f} {median(self.ours, 'matmul_share_in_step'):7.2f} {median(self.ours, 'step_share'):10.2f} | "
                f"{'agree' if self.losses_agree() else 'DIFFER'}")

    def notes(self):
        """What there is no column for."""
        settings = ", ".join(f"{name} {self.theirs[0][name]}" for name in SETTINGS)
        text = (f"{self.shape}, {self.sequence}, {self.precision}: PEFT was fastest with {settings}; first step after "
                f"{median(self.ours, 'first_step_seconds'):.1f} s, PEFT's after {median(self.theirs, 'first_step_seconds'):.1f} s")
        if nf4 := self.of("ropewalk", "storage"):
            theirs = self.of("peft", "storage")
            text += (f"\n  NF4 base: {median(nf4, 'tokens_per_second') / median(self.ours, 'tokens_per_second'):.2f} of the speed, "
                     f"{median(nf4, 'weight_bytes') / 1e9:.2f} instead of {median(self.ours, 'weight_bytes') / 1e9:.2f} GB of weights, "
                     f"peak {median(nf4, 'peak_bytes') / 1e9:.2f} GB; PEFT's: " + (f"{median(theirs, 'tokens_per_second'):.0f} tokens/s" if theirs else "does not run"))
        if ipex := self.of("ipex", "compare"):
            best = max(ipex, key=lambda record: record["tokens_per_second"])
            text += (f"\n  Intel's extension (PyTorch {best['versions']['torch']}): {best['tokens_per_second']:.0f} tokens/s, "
                     f"{best['peak_bytes'] / 1e9:.2f} GB, compile {best['compile']}")
        return text


def median(records, name):
    return statistics.median(record[name] for record in records)


def cases(records):
    """Those that have been compared, in the order of their records."""
    groups = {}
    for record in records:
        groups.setdefault((record["shape"], record["sequence"], record["precision"]), []).append(record)
    return [case for case in map(Case, groups.values()) if case.ours and case.theirs]


def table(records):
    head = "shape          sequence precision |   tokens/s     PEFT  ratio | peak GB   PEFT  ratio | matmul share in step step share | losses"
    found = cases(records)
    return "\n".join([head, *(case.row() for case in found), "", *(case.notes() for case in found)])
