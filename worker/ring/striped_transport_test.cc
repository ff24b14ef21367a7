#include "worker/ring/striped_transport.h"

#include <gtest/gtest.h>

#include <utility>

#include "worker/ring/local_transport.h"

namespace ropewalk {
namespace {

constexpr int kStripes = 3;

Chunk Numbered(uint32_t number) {
  Chunk chunk;
  chunk.header.chunk = number;
  return chunk;
}

// Of both ranks of a ring, with as many transports between them.
std::vector<std::unique_ptr<StripedTransport>> ConnectStriped() {
  std::vector<std::vector<std::unique_ptr<Transport>>> stripes(2);
  for (int stripe = 0; stripe < kStripes; ++stripe) {
    std::vector<std::unique_ptr<Transport>> ends = ConnectLocally(2);
    for (int rank = 0; rank < 2; ++rank) stripes[rank].push_back(std::move(ends[rank]));
  }
  std::vector<std::unique_ptr<StripedTransport>> transports;
  for (auto& of_rank : stripes) {
    transports.push_back(std::make_unique<StripedTransport>(std::move(of_rank)));
  }
  return transports;
}

TEST(StripedTransport, KeepsTheOrderOfWhatIsSent) {
  auto ranks = ConnectStriped();
  for (uint32_t i = 0; i < 10; ++i) ranks[0]->Send(Numbered(i));
  for (uint32_t i = 0; i < 10; ++i) {
    const absl::StatusOr<Chunk> chunk = ranks[1]->Receive(absl::Seconds(10));
    ASSERT_TRUE(chunk.ok()) << chunk.status();
    EXPECT_EQ(chunk->header.chunk, i);
  }
}

TEST(StripedTransport, WaitsForTheChunkWhoseTurnItIs) {
  auto ranks = ConnectStriped();
  EXPECT_TRUE(absl::IsDeadlineExceeded(ranks[1]->Receive(absl::ZeroDuration()).status()));
  ranks[0]->Send(Numbered(7));
  EXPECT_EQ(ranks[1]->Receive(absl::Seconds(10)).value().header.chunk, 7u);
}

TEST(StripedTransport, BreaksAsAWhole) {
  auto ranks = ConnectStriped();
  ranks[0]->BreakOff(absl::UnavailableError("gone"));
  for (const auto& rank : ranks) {
    EXPECT_EQ(rank->Receive(absl::Seconds(10)).status(), absl::UnavailableError("gone"));
  }
}

TEST(StripedTransport, SaysWhenTheOtherSideHasLeft) {
  auto ranks = ConnectStriped();
  ranks[0]->Send(Numbered(1));
  ranks[0].reset();
  EXPECT_TRUE(ranks[1]->Receive(absl::Seconds(10)).ok());
  EXPECT_TRUE(absl::IsUnavailable(ranks[1]->Receive(absl::Seconds(10)).status()));
}

}  // namespace
}  // namespace ropewalk
