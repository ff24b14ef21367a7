#include "tests/fault/chaos_plan.h"

#include <gtest/gtest.h>

#include <set>

namespace ropewalk {
namespace {

TEST(ChaosPlan, IsTheSameForTheSameSeed) {
  ChaosPlan plan(42, 4), again(42, 4), other(43, 4);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const Fault fault = plan.Next(), same = again.Next();
    EXPECT_EQ(fault.ToString(), same.ToString());
    EXPECT_EQ(fault.after, same.after);
    differs = differs || fault.ToString() != other.Next().ToString();
  }
  EXPECT_TRUE(differs);
}

TEST(ChaosPlan, SparesNobodyAndNoKind) {
  ChaosPlan plan(1, 3);
  std::set<FaultKind> kinds;
  std::set<std::string> victims;
  absl::Duration time;
  for (int i = 0; i < 400; ++i) {
    const Fault fault = plan.Next();
    kinds.insert(fault.kind);
    victims.insert(fault.victim);
    time += fault.after;
    EXPECT_GE(fault.lasts, absl::ZeroDuration());
  }
  EXPECT_EQ(kinds.size(), 9u);
  EXPECT_EQ(victims, (std::set<std::string>{"coordinator", "registry", "w0", "w1", "w2", "w3"}));
  EXPECT_LT(time, absl::Minutes(12));  // 300 faults in ten minutes
}

}  // namespace
}  // namespace ropewalk
