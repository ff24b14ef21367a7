#pragma once

#include <vector>

namespace ropewalk {

// What it costs to go from one member of a ring to another, [from][to], in seconds; the diagonal
// does not matter.
using HopCosts = std::vector<std::vector<double>>;

// In what order the members should form a ring, given what every hop would cost: a permutation of
// 0, 1, ... that begins with 0. All hops of a ring carry the same bytes at the same time, so the
// slowest decides how long a reduction takes: it is made as fast as can be, and then the sum of all
// hops. Exact for up to kMostExactMembers members, by dynamic programming over subsets (Held and
// Karp, 1962); beyond, the best that moving and reversing stretches of it leads to.
//
// Measurements differ by chance, and a new order costs a pause: so the order stays 0, 1, 2, ...
// unless another is notably better. Pure; the same costs give the same order.
std::vector<int> OrderRing(const HopCosts& costs);

constexpr int kMostExactMembers = 10;

}  // namespace ropewalk
