// Times the ring all-reduce between processes of one machine, over loopback; or, with --rank and
// --addresses, is one rank of a ring between machines or network namespaces, the first of which
// reports.

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "worker/ring/mesh.h"
#include "worker/ring/ring.h"
#include "worker/ring/ring_endpoint.h"
#include "worker/ring/tune_process.h"
#include "worker/tensor/aligned_memory.h"

namespace ropewalk {
namespace {

struct BenchOptions {
  std::vector<int> ranks = {2, 4};
  std::vector<int64_t> bytes = {64 << 10, 1 << 20, 16 << 20, 64 << 20};
  std::string reduction = "exact";
  double seconds = 2;
  int rounds = 0;  // 0: as many as take so many seconds
  Granularity granularity = {0, 0};
  std::string json_file;
  int rank = -1;  // of `addresses`
  std::vector<std::string> addresses;

  WireFormat wire() const {
    return reduction == "bfloat16" ? WireFormat::kBfloat16
           : reduction == "int8"   ? WireFormat::kInt8
                                   : WireFormat::kPlain;
  }
};

constexpr int kWarmups = 3;
constexpr int kMinRounds = 5;
constexpr int kMaxRounds = 2000;

// A pipe whose ends outlive a fork.
struct Pipe {
  int read_end = -1;
  int write_end = -1;

  static Pipe Make() {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    return {ends[0], ends[1]};
  }
};

template <typename T>
void Put(int fd, const T& value) {
  if (write(fd, &value, sizeof(value)) != sizeof(value)) std::abort();
}

template <typename T>
T Take(int fd) {
  T value;
  if (read(fd, &value, sizeof(value)) != sizeof(value)) std::abort();
  return value;
}

// How a rank talks with the parent. Up: its port; then for each size the medians of warm-up and
// measurement. Down: all ports; then for each size the number of rounds, from the warm-up.
struct RankPipes {
  Pipe up = Pipe::Make();
  Pipe down = Pipe::Make();
};

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// A rank's end of a ring, with the server that it needs.
class Member {
 public:
  explicit Member(const std::string& listen_address) {
    TuneProcessForRing();
    grpc::ServerBuilder builder;
    builder.AddListeningPort(listen_address, grpc::InsecureServerCredentials(), &port_);
    endpoint_.Register(&builder);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) Die(absl::UnavailableError("cannot listen on " + listen_address));
    endpoint_.Serve();
  }

  // Leaves in order: what the others still need arrives.
  ~Member() {
    ring_.reset();
    mesh_.reset();
    server_->Shutdown(std::chrono::system_clock::now());
    endpoint_.Stop();
  }

  int port() const { return port_; }

  void Connect(const BenchOptions& bench, int rank, std::vector<std::string> addresses) {
    RingOptions options;
    options.job = "jobs/bench";
    options.rank = rank;
    options.addresses = std::move(addresses);
    options.granularity = bench.granularity;
    if (bench.wire() == WireFormat::kPlain) {
      Keep(Ring::Connect(options, &endpoint_), &ring_);
    } else {
      Keep(Mesh::Connect(options, &endpoint_), &mesh_);
    }
  }

  // The median of the milliseconds that each takes.
  double TimeRounds(RingBuffer buffer, int rounds) {
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
      const absl::Time start = absl::Now();
      ++step_;
      const absl::Status status = mesh_ != nullptr ? mesh_->AllReduce(step_, 0, {buffer})
                                                   : ring_->AllReduce(step_, 0, {buffer});
      if (!status.ok()) Die(status);
      times.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
    }
    return Median(std::move(times));
  }

 private:
  template <typename T>
  static void Keep(absl::StatusOr<std::unique_ptr<T>> connected, std::unique_ptr<T>* place) {
    if (!connected.ok()) Die(connected.status());
    *place = *std::move(connected);
  }

  [[noreturn]] static void Die(const absl::Status& why) {
    std::fprintf(stderr, "%s\n", why.ToString().c_str());
    std::_Exit(1);
  }

  RingEndpoint endpoint_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Ring> ring_;
  std::unique_ptr<Mesh> mesh_;  // in its place, where elements travel rounded
  int64_t step_ = 0;
};

// What is reduced.
class Vector {
 public:
  Vector(const BenchOptions& options, int64_t bytes)
      : values_(std::make_shared<AlignedVector<float>>(bytes / 4)),
        wire_(options.wire()),
        op_(options.reduction == "exact" ? ReduceOp::kSumInt32 : ReduceOp::kSumFloat32) {}

  RingBuffer buffer() {
    return {values_->data(), static_cast<int64_t>(values_->size()), op_, values_, wire_};
  }

 private:
  const std::shared_ptr<AlignedVector<float>> values_;
  const WireFormat wire_;
  const ReduceOp op_;
};

// The life of one rank's process.
void RunRank(const BenchOptions& options, int rank, int ranks, const RankPipes& pipes) {
  Member member("127.0.0.1:0");
  Put(pipes.up.write_end, member.port());
  std::vector<std::string> addresses;
  for (int i = 0; i < ranks; ++i) {
    addresses.push_back(absl::StrCat("127.0.0.1:", Take<int>(pipes.down.read_end)));
  }
  member.Connect(options, rank, std::move(addresses));
  for (const int64_t bytes : options.bytes) {
    Vector vector(options, bytes);
    Put(pipes.up.write_end, member.TimeRounds(vector.buffer(), kWarmups));
    const int rounds = Take<int>(pipes.down.read_end);
    Put(pipes.up.write_end, member.TimeRounds(vector.buffer(), rounds));
  }
}

int RoundsFor(const BenchOptions& options, double warmup_ms) {
  if (options.rounds > 0) return options.rounds;
  return std::clamp(static_cast<int>(options.seconds * 1000 / warmup_ms), kMinRounds, kMaxRounds);
}

void Report(const BenchOptions& options, int ranks, int64_t bytes, double median_ms) {
  const double moved = 2.0 * (ranks - 1) / ranks * static_cast<double>(bytes);
  std::printf("%5d  %12lld  %10.3f  %12.2f\n", ranks, static_cast<long long>(bytes), median_ms,
              moved / median_ms / 1e6);
  std::fflush(stdout);
  if (options.json_file.empty()) return;
  std::ofstream(options.json_file, std::ios::app)
      << nlohmann::json{{"system", "ropewalk"},
                        {"ranks", ranks},
                        {"bytes", bytes},
                        {"reduction", options.reduction},
                        {"median_ms", median_ms}}
      << "\n";
}

void RunRanks(const BenchOptions& options, int ranks) {
  std::vector<RankPipes> pipes(ranks);
  std::vector<pid_t> children;
  for (int rank = 0; rank < ranks; ++rank) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    RunRank(options, rank, ranks, pipes[rank]);
    std::_Exit(0);
  }
  std::vector<int> ports;
  for (const RankPipes& pipe : pipes) ports.push_back(Take<int>(pipe.up.read_end));
  for (const RankPipes& pipe : pipes) {
    for (const int port : ports) Put(pipe.down.write_end, port);
  }
  for (const int64_t bytes : options.bytes) {
    std::vector<double> medians;
    for (const RankPipes& pipe : pipes) medians.push_back(Take<double>(pipe.up.read_end));
    const int rounds = RoundsFor(options, Median(medians));
    for (const RankPipes& pipe : pipes) Put(pipe.down.write_end, rounds);
    for (size_t i = 0; i < pipes.size(); ++i) medians[i] = Take<double>(pipes[i].up.read_end);
    Report(options, ranks, bytes, Median(medians));
  }
  for (const pid_t child : children) waitpid(child, nullptr, 0);
}

// The life of a process that is one rank of a ring whose others were started elsewhere.
void RunRankAlone(const BenchOptions& options) {
  Member member(options.addresses[options.rank]);
  member.Connect(options, options.rank, options.addresses);
  for (const int64_t bytes : options.bytes) {
    Vector vector(options, bytes);
    member.TimeRounds(vector.buffer(), 1);
    const double median = member.TimeRounds(vector.buffer(), std::max(1, options.rounds));
    if (options.rank == 0) {
      Report(options, static_cast<int>(options.addresses.size()), bytes, median);
    }
  }
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  ropewalk::BenchOptions options;
  CLI::App app("Times the ring all-reduce between processes of this machine.");
  app.add_option("--ranks", options.ranks, "numbers of processes")->delimiter(',');
  app.add_option("--bytes", options.bytes, "sizes of the vector")->delimiter(',');
  app.add_option("--reduction", options.reduction, "exact: of int32; otherwise of float32")
      ->check(CLI::IsMember({"exact", "float32", "bfloat16", "int8"}));
  app.add_option("--seconds", options.seconds, "how long to measure each case");
  app.add_option("--rounds", options.rounds, "how many all-reduces, instead");
  app.add_option("--chunk-bytes", options.granularity.chunk_bytes, "instead of the default");
  app.add_option("--window", options.granularity.window, "chunks; instead of the default");
  auto* const addresses =
      app.add_option("--addresses", options.addresses, "host:port of all ranks")->delimiter(',');
  app.add_option("--rank", options.rank, "be this one of them")->needs(addresses);
  app.add_option("--json", options.json_file, "appends one JSON object a case to this file");
  CLI11_PARSE(app, argc, argv);

  if (options.rank >= static_cast<int>(options.addresses.size())) return 2;
  if (options.rank >= 0) {
    ropewalk::RunRankAlone(options);
    return 0;
  }
  std::printf("%5s  %12s  %10s  %12s\n", "ranks", "bytes", "median ms", "GB/s a rank");
  for (const int ranks : options.ranks) ropewalk::RunRanks(options, ranks);
  return 0;
}
