#pragma once

namespace ropewalk {

// Settings of the whole process that make a ring faster: freed memory is kept instead of being
// given back and faulted in again for every chunk, and gRPC reads and writes in larger pieces and
// does without the detection of deadlocks that Debian's Abseil has. Call
// it first thing in main: gRPC reads its settings once. An environment that sets GRPC_EXPERIMENTS
// wins.
void TuneProcessForRing();

}  // namespace ropewalk
