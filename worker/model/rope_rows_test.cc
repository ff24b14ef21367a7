#include "worker/model/rope_rows.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "worker/model/rope_frequencies.h"
#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

using testing::TinyConfig;

ModelConfig ConfigOf(RopeKind kind) {
  ModelConfig config = TinyConfig();
  config.max_position_embeddings = 4;
  config.rope.kind = kind;
  config.rope.factor = 2;
  config.rope.original_max_position_embeddings = 4;
  config.rope.attention_factor = 1.25;
  config.rope.short_factor = {1, 2};
  config.rope.long_factor = {3, 5};
  return config;
}

// Expects the row to turn as position p of a sequence of `length` tokens does.
void ExpectRow(const ModelConfig& config, const RopeRows<double>& rows, int64_t row, int64_t p,
               int64_t length) {
  const int64_t pairs = config.head_dim / 2;
  std::vector<double> frequencies(pairs);
  RopeFrequencies(config, length, absl::MakeSpan(frequencies));
  for (int64_t i = 0; i < pairs; ++i) {
    EXPECT_DOUBLE_EQ(rows.cosines()[row * pairs + i], 1.25 * std::cos(p * frequencies[i]));
    EXPECT_DOUBLE_EQ(rows.sines()[row * pairs + i], 1.25 * std::sin(p * frequencies[i]));
  }
}

TEST(RopeRows, EachDocumentIsASequenceOfItsOwn) {
  for (const RopeKind kind : {RopeKind::kDefault, RopeKind::kDynamic, RopeKind::kLongRope}) {
    const ModelConfig config = ConfigOf(kind);
    RopeRows<double> rows(config);
    for (int pass = 0; pass < 2; ++pass) {  // what one pass keeps serves the next
      rows.Begin({0, 1, 2, 0, 1, 2, 3, 4, 5}, {0, 3, 3, 9});
      ExpectRow(config, rows, 2, 2, 3);
      ExpectRow(config, rows, 4, 1, 6);
      ExpectRow(config, rows, 8, 5, 6);
    }
  }
}

TEST(RopeRows, ANewTokenBelongsToTheSequenceUpToItself) {
  const ModelConfig config = ConfigOf(RopeKind::kDynamic);
  RopeRows<double> rows(config);
  rows.Begin({9, 3}, {0, 1, 2});
  ExpectRow(config, rows, 0, 9, 10);
  ExpectRow(config, rows, 1, 3, 4);
}

}  // namespace
}  // namespace ropewalk
