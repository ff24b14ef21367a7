#include "worker/train/train_state.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

TrainState Example() {
  TrainState state(300, {.floats = {{"adam_m", std::vector<float>(300)}},
                         .bytes = {{"adam_v8", std::vector<uint8_t>(300)}}});
  state.step = 2;
  for (int i = 0; i < 300; ++i) {
    state.parameters[i] = 0.1f * i;
    state.optimizer.floats["adam_m"][i] = 0.2f * i;
    state.optimizer.bytes["adam_v8"][i] = i % 256;
  }
  state.scales.Record({10, 20});
  state.scales.Record({11, 19});
  state.steps = {{1, 4.5, 1e-3, 0.7, 100}, {2, 4.25, 9e-4, 0.6, 90}};
  state.evaluations = {{2, 4.1, 3, 10}};
  return state;
}

// A state of that many parameters, with the optimiser of the example.
TrainState Shape(int64_t parameters) {
  TrainState shape = Example();
  shape.parameters.resize(parameters);
  return shape;
}

TEST(TrainState, ComesBackToTheBit) {
  const TrainState state = Example();
  const auto parsed = TrainState::Parse(state.Serialize("plan"), "plan", Shape(300));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->step, 2);
  EXPECT_EQ(parsed->parameters, state.parameters);
  EXPECT_EQ(parsed->optimizer, state.optimizer);
  EXPECT_EQ(parsed->scales.Scales(), state.scales.Scales());
  EXPECT_EQ(parsed->Digest(), state.Digest());
  ASSERT_EQ(parsed->steps.size(), 2u);
  EXPECT_EQ(parsed->steps[1].loss, 4.25);
  EXPECT_EQ(parsed->steps[1].tokens, 90);
  ASSERT_EQ(parsed->evaluations.size(), 1u);
  EXPECT_EQ(parsed->evaluations[0].exact_match_rows, 10);
  EXPECT_EQ(parsed->Serialize("plan"), state.Serialize("plan"));
}

TEST(TrainState, KeepsWhatIsOwedButNotInItsDigest) {
  TrainState state = Example(), shape = Shape(300);
  state.owed.assign(300, 0.25f);
  shape.owed.resize(300);
  EXPECT_EQ(state.Digest(), Example().Digest());
  const auto parsed = TrainState::Parse(state.Serialize("plan"), "plan", shape);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->owed, state.owed);
  EXPECT_TRUE(absl::IsInvalidArgument(
      TrainState::Parse(Example().Serialize("plan"), "plan", shape).status()));
}

TEST(TrainState, DigestSeesEveryPart) {
  const uint64_t original = Example().Digest();
  const auto changed = [&](auto change) {
    TrainState state = Example();
    change(state);
    return state.Digest() != original;
  };
  EXPECT_TRUE(changed([](TrainState& s) { s.step = 3; }));
  EXPECT_TRUE(changed([](TrainState& s) { s.parameters[299] += 1e-6f * 299; }));
  EXPECT_TRUE(changed([](TrainState& s) { s.optimizer.floats["adam_m"][0] = 1; }));
  EXPECT_TRUE(changed([](TrainState& s) { s.optimizer.bytes["adam_v8"][0] = 1; }));
  EXPECT_TRUE(changed([](TrainState& s) { s.scales.Record({1, 1}); }));
}

TEST(TrainState, OfAnotherPlanIsRefusedNamingBoth) {
  const auto parsed = TrainState::Parse(Example().Serialize("plan-a"), "plan-b", Shape(300));
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(parsed.status().message().find("plan-a"), absl::string_view::npos);
  EXPECT_NE(parsed.status().message().find("plan-b"), absl::string_view::npos);
}

TEST(TrainState, OfAnotherSizeOrDamagedIsRefused) {
  const std::string bytes = Example().Serialize("plan");
  EXPECT_EQ(TrainState::Parse(bytes, "plan", Shape(301)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(TrainState::Parse(bytes.substr(0, bytes.size() - 1), "plan", Shape(300)).ok());
  EXPECT_FALSE(TrainState::Parse("", "plan", Shape(300)).ok());
}

TEST(TrainState, OfAnotherOptimiserIsRefused) {
  TrainState lion = Example();
  lion.optimizer = {.floats = {{"lion_m", std::vector<float>(300)}}, .bytes = {}};
  const auto parsed = TrainState::Parse(Example().Serialize("plan"), "plan", lion);
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(parsed.status().message().find("lion_m"), absl::string_view::npos);
}

}  // namespace
}  // namespace ropewalk
