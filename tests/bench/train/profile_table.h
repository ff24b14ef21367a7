#pragma once

#include "tests/bench/train/machine_ceilings.h"
#include "tests/bench/train/training_run.h"

namespace ropewalk {

// Prints the ops of a step, the longest first, and what is left of it: calls, milliseconds, share
// of the step, GFLOP/s and GB/s. GFLOP/s count the operations of the formulas, GB/s each operand
// and result once; the first line has the ceilings.
void PrintProfile(const MeasuredStep& step, const MachineCeilings& ceilings);

}  // namespace ropewalk
