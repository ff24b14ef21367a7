#pragma once

namespace ropewalk {

// Bytes a second at which this process's threads together read memory that no cache holds: the best
// of several passes over a gibibyte, in order.
double ReadBandwidth();

}  // namespace ropewalk
