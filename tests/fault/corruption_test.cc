#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "services/common/job_spec.h"
#include "services/common/status_macros.h"
#include "worker/agent/ring_reducer.h"
#include "worker/ring/broken_hop.h"
#include "worker/ring/crc32c.h"
#include "worker/ring/local_transport.h"
#include "worker/ring/ring.h"
#include "worker/tensor/parallel.h"
#include "worker/train/training_job.h"

// Flips single bits of what a team of workers reduces, wherever it lies: none may get through. Run
// with the repository as working directory: the tokenizer is the examples'.

namespace ropewalk {
namespace {

constexpr int kRanks = 3;
constexpr int kFlips = 1000;

// Where a bit is flipped.
enum class Place {
  kWire,          // after the sender has taken the chunk's CRC
  kPartialSum,    // before it has
  kContribution,  // in a rank's memory, after it has taken its contribution's checksum
  kResult,        // in a rank's memory, once reduced
};
constexpr int kPlaces = 4;

struct Flip {
  Place place;
  int rank;         // which has it
  uint64_t chance;  // says where and which bit
  // Set when it is done: whether a maximum was hit. One that becomes smaller than another rank's
  // leaves no trace, and does no harm.
  std::atomic<bool>* hit_maximum;
};

template <typename T>
void FlipBit(absl::Span<T> elements, uint64_t chance) {
  const uint64_t bits = 8 * sizeof(T);
  const uint64_t bit = chance % (elements.size() * bits);
  elements[bit / bits] ^= static_cast<T>(T{1} << (bit % bits));
}

// The chunk with a bit of its payload flipped.
void FlipBit(Chunk* chunk, uint64_t chance) {
  const int64_t size = chunk->payload.size();
  std::shared_ptr<uint8_t> bytes(new uint8_t[size], std::default_delete<uint8_t[]>());
  chunk->payload.CopyTo(bytes.get());
  FlipBit(absl::MakeSpan(bytes.get(), size), chance);
  chunk->payload = Payload(std::move(bytes), size);
}

// Flips a bit in one of the chunks that a rank sends.
class FlipsInAChunk {
 public:
  explicit FlipsInAChunk(const Flip& flip) : flip_(flip), left_(flip.chance / 977 % 4) {}

  bool operator()(int from_rank, Chunk& chunk) {
    const bool concerned = from_rank == flip_.rank && chunk.payload.size() > 0;
    if (!concerned || done_ || left_-- > 0) return true;
    done_ = true;
    *flip_.hit_maximum = chunk.header.op == ReduceOp::kMaxUint8;
    FlipBit(&chunk, flip_.chance);
    if (flip_.place == Place::kPartialSum) {
      std::vector<uint8_t> bytes(chunk.payload.size());
      chunk.payload.CopyTo(bytes.data());
      chunk.header.payload_crc = ExtendCrc32c(0, bytes.data(), bytes.size());
    }
    return true;
  }

 private:
  const Flip flip_;
  int left_;
  bool done_ = false;
};

// Flips a bit in what a rank puts in, or in what comes out.
class FlippingReducer final : public GradientReducer {
 public:
  FlippingReducer(GradientReducer* reducer, const Flip* flip) : reducer_(reducer), flip_(flip) {}

  absl::Status AllReduce(int64_t step, const Contribution& contribution) override {
    if (flip_ != nullptr && flip_->place == Place::kContribution) FlipOnce(contribution);
    RETURN_IF_ERROR(reducer_->AllReduce(step, contribution));
    if (flip_ != nullptr && flip_->place == Place::kResult) FlipOnce(contribution);
    return absl::OkStatus();
  }

 private:
  void FlipOnce(const Contribution& contribution) {
    if (std::exchange(done_, true)) return;
    const bool maxima = flip_->chance % 5 == 0 && !contribution.maxima.empty();
    *flip_->hit_maximum = maxima;
    maxima ? FlipBit(contribution.maxima, flip_->chance / 5)
           : FlipBit(contribution.sums, flip_->chance / 5);
  }

  GradientReducer* const reducer_;
  const Flip* const flip_;
  bool done_ = false;
};

class CorruptionTest : public testing::Test {
 protected:
  CorruptionTest() {
    SetThreads(1);
    folder_ =
        std::filesystem::temp_directory_path() / ("corruption-test-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    for (const char* file : {"tokenizer.json", "tokenizer_config.json"}) {
      std::filesystem::copy_file(std::filesystem::path("examples/pretrain/untrained") / file,
                                 folder_ / file);
    }
    std::ofstream(folder_ / "config.json") << R"({
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 16, "intermediate_size": 24,
      "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
      "rms_norm_eps": 1e-05, "vocab_size": 264, "eos_token_id": 256, "hidden_act": "silu"})";
    std::ofstream rows(folder_ / "train.jsonl");
    for (int i = 0; i < 24; ++i) {
      rows << R"({"prompt": "count )" << std::string(1 + i % 5, 'a' + i)
           << R"( ->", "completion": " )" << 1 + i % 5 << "\"}\n";
    }
  }

  ~CorruptionTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<TrainingJob> NewJob() {
    v1::JobSpec spec;
    spec.set_base_model("local/very-small");
    spec.add_train_data("train");
    spec.set_adapter("test/result");
    spec.mutable_method()->mutable_full();
    v1::Training* const training = spec.mutable_training();
    training->set_epochs(100);
    training->set_global_batch_size(6);
    training->set_micro_batch_tokens(64);
    training->set_max_sequence_length(64);
    training->set_learning_rate(1e-2);
    auto job = TrainingJob::Prepare(WithDefaults(spec), {},
                                    {folder_.string(), {(folder_ / "train.jsonl").string()}, {}},
                                    Clock::Real(), [] { return std::nullopt; });
    EXPECT_TRUE(job.ok()) << job.status();
    return *std::move(job);
  }

  // A step by all ranks over a new ring; `flip` may be null.
  std::vector<absl::Status> Step(const Flip* flip) {
    const bool in_chunk =
        flip != nullptr && (flip->place == Place::kWire || flip->place == Place::kPartialSum);
    std::vector<std::unique_ptr<Transport>> transports =
        ConnectLocally(kRanks, in_chunk ? ChunkFilter(FlipsInAChunk(*flip)) : nullptr);
    RingOptions options;
    options.addresses.assign(kRanks, "");
    std::vector<absl::Status> statuses(kRanks);
    std::vector<std::thread> threads;
    for (int rank = 0; rank < kRanks; ++rank) {
      options.rank = rank;
      threads.emplace_back([&, options, rank, transport = std::move(transports[rank])]() mutable {
        SetThreads(1);
        Ring ring(options, std::move(transport));
        RingReducer plain(&ring);
        FlippingReducer reducer(&plain, flip != nullptr && flip->rank == rank ? flip : nullptr);
        const Team team = {rank, std::vector<double>(kRanks, 1.0)};
        statuses[rank] = jobs_[rank]->trainer().Step(team, &reducer).status();
      });
    }
    for (std::thread& thread : threads) thread.join();
    return statuses;
  }

  // As a new generation begins: whoever has fallen behind takes over the state of the first.
  void CatchUp() {
    const TrainingJob* first = jobs_[0].get();
    for (const auto& job : jobs_) {
      if (job->state().step > first->state().step) first = job.get();
    }
    for (const auto& job : jobs_) {
      if (job->state().step == first->state().step) continue;
      const absl::Status status = job->RestoreState(first->state().Serialize(first->plan_digest()));
      ASSERT_TRUE(status.ok()) << status;
    }
  }

  std::filesystem::path folder_;
  std::vector<std::unique_ptr<TrainingJob>> jobs_;
};

// Of the errors, the first that says what was wrong.
std::string Named(const std::vector<absl::Status>& statuses) {
  for (const absl::Status& status : statuses) {
    for (const char* word :
         {"does not match its CRC", "is not the sum", "exponents differ", "instead of once"}) {
      if (absl::StrContains(status.message(), word)) return std::string(status.message());
    }
  }
  return "";
}

// Whether an error names a hop that begins at `rank`.
bool NamesHopFrom(const std::vector<absl::Status>& statuses, int rank) {
  for (const absl::Status& status : statuses) {
    const std::optional<BrokenHop> hop = BrokenHopOf(status);
    if (absl::IsDataLoss(status) && hop.has_value() && hop->from_rank == rank) return true;
  }
  return false;
}

TEST_F(CorruptionTest, NoFlippedBitGetsThrough) {
  const std::unique_ptr<TrainingJob> alone = NewJob();
  SoloReducer solo;
  while (!alone->done()) ASSERT_TRUE(alone->trainer().Step({}, &solo).ok());

  for (int rank = 0; rank < kRanks; ++rank) jobs_.push_back(NewJob());
  std::mt19937_64 random(42);
  const int64_t steps = jobs_[0]->total_steps();
  int flips = 0;
  while (!jobs_[0]->done()) {
    const int64_t step = jobs_[0]->state().step;
    const bool flipping = flips < (kFlips + 8) * (step + 1) / steps;
    std::atomic<bool> hit_maximum = false;
    const Flip flip = {static_cast<Place>(flips % kPlaces), static_cast<int>(random() % kRanks),
                       random(), &hit_maximum};
    // At once, and in parts that travel while others are computed.
    for (const auto& job : jobs_)
      job->trainer().ReduceInPartsOf(flips / kPlaces % 2 ? 4096 : 1 << 19);
    const std::vector<absl::Status> statuses = Step(flipping ? &flip : nullptr);
    const std::string what = Named(statuses);
    if (flipping) {
      ++flips;
      EXPECT_TRUE(!what.empty() || hit_maximum) << "flip " << flips << " was not seen";
      if (flip.place == Place::kWire || (flip.place == Place::kPartialSum && !hit_maximum)) {
        EXPECT_TRUE(NamesHopFrom(statuses, flip.rank)) << "flip " << flips << ": " << what;
      }
    } else {
      for (const absl::Status& status : statuses) ASSERT_TRUE(status.ok()) << status;
    }
    CatchUp();
  }
  EXPECT_GE(flips, kFlips);
  for (const auto& job : jobs_) EXPECT_EQ(*job->Result(), *alone->Result());
}

}  // namespace
}  // namespace ropewalk
