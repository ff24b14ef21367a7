// Times Gloo's ring all-reduce between processes of one machine, over TCP; the first rank prints
// milliseconds.

#include <gloo/allreduce.h>
#include <gloo/math.h>
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/file_store.h>
#include <gloo/transport/tcp/device.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/bench/peers/all_reduce_rounds.h"

namespace ropewalk {
namespace {

template <typename T>
double Time(const PeerCase& peer_case, const std::shared_ptr<gloo::Context>& context) {
  AlignedVector<T> values(peer_case.elements);
  gloo::AllreduceOptions options(context);
  options.setAlgorithm(gloo::detail::AllreduceOptionsImpl::RING);
  options.setOutput(values.data(), values.size());
  void (*const sum)(void*, const void*, const void*, size_t) = &gloo::sum<T>;
  options.setReduceFunction(sum);
  return MedianRound(peer_case.rounds, [&] { gloo::allreduce(options); });
}

void RunRank(const PeerCase& peer_case, int rank, const std::string& folder) {
  gloo::transport::tcp::attr attributes;
  attributes.hostname = peer_case.address;
  auto device = gloo::transport::tcp::CreateDevice(attributes);
  auto context = std::make_shared<gloo::rendezvous::Context>(rank, peer_case.ranks);
  gloo::rendezvous::FileStore store(folder);
  context->connectFullMesh(store, device);
  const double median =
      peer_case.integers ? Time<int32_t>(peer_case, context) : Time<float>(peer_case, context);
  if (rank == 0) std::printf("%.6f\n", median);
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  const ropewalk::PeerCase peer_case = ropewalk::PeerCase::Parse(argc, argv);
  if (peer_case.rank >= 0) {
    ropewalk::RunRank(peer_case, peer_case.rank, peer_case.folder);
    return 0;
  }
  std::string folder = std::filesystem::temp_directory_path() / "gloo_bench.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  for (int rank = 0; rank < peer_case.ranks; ++rank) {
    if (fork() != 0) continue;
    ropewalk::RunRank(peer_case, rank, folder);
    std::fflush(stdout);
    std::_Exit(0);
  }
  int failed = 0;
  for (int status; wait(&status) > 0;) failed |= status;
  std::filesystem::remove_all(folder);
  return failed == 0 ? 0 : 1;
}
