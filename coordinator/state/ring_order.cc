#include "coordinator/state/ring_order.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

namespace ropewalk {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A ring this much cheaper is worth a new order.
constexpr double kNotablyCheaper = 0.8;

// Longer stretches are not moved, and not more improvements made: it must be quick, too, with many
// members.
constexpr int kLongestMoved = 3;
constexpr int kMostImprovements = 100;

// Of a whole ring; compared by the slowest hop first.
struct RingCost {
  double slowest = 0;
  double sum = 0;

  bool operator<(const RingCost& other) const {
    return std::tie(slowest, sum) < std::tie(other.slowest, other.sum);
  }
};

RingCost CostOf(const std::vector<int>& order, const HopCosts& costs) {
  RingCost cost;
  for (size_t i = 0; i < order.size(); ++i) {
    const double hop = costs[order[i]][order[(i + 1) % order.size()]];
    cost.slowest = std::max(cost.slowest, hop);
    cost.sum += hop;
  }
  return cost;
}

bool IsNotablyCheaper(const RingCost& cost, const RingCost& than) {
  if (cost.slowest < kNotablyCheaper * than.slowest) return true;
  return cost.slowest <= than.slowest && cost.sum < kNotablyCheaper * than.sum;
}

// The cheapest ways from 0 over a set of members to one of them, the cost of a way being `join` of
// its hops' costs.
template <typename Join>
class CheapestWays {
 public:
  CheapestWays(const HopCosts& costs, double most_a_hop, Join join)
      : costs_(costs), others_(static_cast<int>(costs.size()) - 1), most_(most_a_hop), join_(join) {
    ways_.assign((size_t{1} << others_) * others_, {kInfinity, -1});
    for (int to = 0; to < others_; ++to) Offer(1u << to, to, HopTo(-1, to), -1);
    for (uint32_t set = 1; set < 1u << others_; ++set) {
      for (int last = 0; last < others_; ++last) Extend(set, last);
    }
  }

  // Of the cheapest ring over all members.
  double cost() const { return Closed(Last()); }

  std::vector<int> Order() const {
    std::vector<int> order;
    uint32_t set = Everyone();
    for (int last = Last(); last >= 0;) {
      order.push_back(last + 1);
      const int before = At(set, last).before;
      set &= ~(1u << last);
      last = before;
    }
    order.push_back(0);
    std::reverse(order.begin(), order.end());
    return order;
  }

 private:
  struct Way {
    double cost;
    int before;  // the member before the last; -1: 0
  };

  uint32_t Everyone() const { return (1u << others_) - 1; }
  const Way& At(uint32_t set, int last) const { return ways_[size_t{set} * others_ + last]; }

  // Members but 0 count from 0 here; -1 is 0.
  double HopTo(int from, int to) const {
    const double cost = costs_[from + 1][to + 1];
    return cost <= most_ ? cost : kInfinity;
  }

  void Offer(uint32_t set, int last, double cost, int before) {
    Way& way = ways_[size_t{set} * others_ + last];
    if (cost < way.cost) way = {cost, before};
  }

  void Extend(uint32_t set, int last) {
    const double cost = At(set, last).cost;
    if (cost == kInfinity) return;
    for (int to = 0; to < others_; ++to) {
      if ((set >> to & 1) == 0) Offer(set | 1u << to, to, join_(cost, HopTo(last, to)), last);
    }
  }

  double Closed(int last) const { return join_(At(Everyone(), last).cost, HopTo(last, -1)); }

  int Last() const {
    int best = 0;
    for (int last = 1; last < others_; ++last) {
      if (Closed(last) < Closed(best)) best = last;
    }
    return best;
  }

  const HopCosts& costs_;
  const int others_;
  const double most_;
  const Join join_;
  std::vector<Way> ways_;
};

// First how slow the slowest hop must be, then the cheapest ring of hops that are no slower.
std::vector<int> ExactOrder(const HopCosts& costs) {
  const auto slower = [](double a, double b) { return std::max(a, b); };
  const double slowest = CheapestWays(costs, kInfinity, slower).cost();
  return CheapestWays(costs, slowest, std::plus<double>()).Order();
}

// The order with the stretch of places [from, to) reversed, or moved to just before `place`.
std::vector<int> Reversed(std::vector<int> order, int from, int to) {
  std::reverse(order.begin() + from, order.begin() + to);
  return order;
}

std::vector<int> Moved(std::vector<int> order, int from, int to, int place) {
  if (place < from) {
    std::rotate(order.begin() + place, order.begin() + from, order.begin() + to);
  } else {
    std::rotate(order.begin() + from, order.begin() + to, order.begin() + place);
  }
  return order;
}

// Takes the first improvement there is; false: none.
bool Improve(const HopCosts& costs, std::vector<int>* order) {
  const int members = static_cast<int>(order->size());
  const RingCost present = CostOf(*order, costs);
  const auto take_if_cheaper = [&](std::vector<int> other) {
    if (!(CostOf(other, costs) < present)) return false;
    *order = std::move(other);
    return true;
  };
  for (int from = 1; from < members; ++from) {
    for (int to = from + 1; to <= members; ++to) {
      if (take_if_cheaper(Reversed(*order, from, to))) return true;
    }
    for (int to = from + 1; to <= std::min(members, from + kLongestMoved); ++to) {
      for (int place = 1; place <= members; ++place) {
        const bool is_inside = place >= from && place <= to;
        if (!is_inside && take_if_cheaper(Moved(*order, from, to, place))) return true;
      }
    }
  }
  return false;
}

// Always to the nearest who is not yet in.
std::vector<int> GreedyOrder(const HopCosts& costs) {
  std::vector<int> order = {0};
  std::vector<bool> taken(costs.size(), false);
  taken[0] = true;
  while (order.size() < costs.size()) {
    int nearest = -1;
    for (int to = 0; to < static_cast<int>(costs.size()); ++to) {
      if (taken[to]) continue;
      if (nearest < 0 || costs[order.back()][to] < costs[order.back()][nearest]) nearest = to;
    }
    order.push_back(nearest);
    taken[nearest] = true;
  }
  return order;
}

std::vector<int> HeuristicOrder(const HopCosts& costs, const std::vector<int>& given) {
  std::vector<int> best = given;
  for (std::vector<int> order : {given, GreedyOrder(costs)}) {
    for (int i = 0; i < kMostImprovements && Improve(costs, &order); ++i) {
    }
    if (CostOf(order, costs) < CostOf(best, costs)) best = std::move(order);
  }
  return best;
}

}  // namespace

std::vector<int> OrderRing(const HopCosts& costs) {
  std::vector<int> given(costs.size());
  std::iota(given.begin(), given.end(), 0);
  if (given.size() < 3) return given;
  const bool exact = given.size() <= kMostExactMembers;
  std::vector<int> best = exact ? ExactOrder(costs) : HeuristicOrder(costs, given);
  return IsNotablyCheaper(CostOf(best, costs), CostOf(given, costs)) ? best : given;
}

}  // namespace ropewalk
