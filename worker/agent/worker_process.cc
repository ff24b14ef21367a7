#include "worker/agent/worker_process.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/build_version.h"
#include "services/common/channel.h"
#include "services/common/clock.h"
#include "services/common/listen_address.h"
#include "services/common/logging.h"
#include "services/common/registry_client.h"
#include "services/common/status_macros.h"
#include "worker/agent/agent.h"
#include "worker/agent/coordinator_link.h"
#include "worker/agent/link_prober.h"
#include "worker/agent/local_address.h"
#include "worker/ops/linear_weight.h"
#include "worker/relay/relay_client.h"
#include "worker/relay/relay_service_impl.h"
#include "worker/ring/ring_endpoint.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// How long a neighbour in the ring waits for this worker to join.
constexpr absl::Duration kJoinTimeout = absl::Seconds(60);
constexpr absl::Duration kDrainTime = absl::Seconds(30);
constexpr absl::Duration kPoll = absl::Milliseconds(100);

std::string HostName() {
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return absl::AsciiStrToLower(name);
}

std::string RandomIncarnation() {
  std::random_device random;
  return absl::StrCat(absl::Hex(random(), absl::kZeroPad8), absl::Hex(random(), absl::kZeroPad8));
}

int Threads(const WorkerOptions& options) {
  return options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
}

// "host:port" of this worker's ring for others: the one that is given or found, and further ones.
absl::StatusOr<std::vector<std::string>> RingAddresses(const WorkerOptions& options, int port) {
  for (const std::string& address : options.advertise) {
    RETURN_IF_ERROR(ParseHostPort(address).status());
  }
  if (!options.advertise.empty()) return options.advertise;
  return ReachableAddresses(options.server.listen_address, port, options.coordinator);
}

v1::WorkerHello Hello(const WorkerOptions& options, const std::string& incarnation,
                      const std::vector<std::string>& ring_addresses) {
  v1::WorkerHello hello;
  hello.set_name(absl::StrCat("workers/", options.name.empty() ? HostName() : options.name));
  hello.set_incarnation(incarnation);
  hello.set_ring_address(ring_addresses.front());
  hello.mutable_more_ring_addresses()->Assign(ring_addresses.begin() + 1, ring_addresses.end());
  hello.set_version(BuildVersion());
  v1::WorkerCapacity* capacity = hello.mutable_capacity();
  capacity->set_threads(Threads(options));
  capacity->set_memory_bytes(int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE));
  capacity->set_bf16(CpuHasBfloat16());
  capacity->set_device(absl::StrCat("cpu: ", __builtin_cpu_supports("avx512f") ? "avx512"
                                             : __builtin_cpu_supports("avx2")  ? "avx2"
                                                                               : "x86-64"));
  return hello;
}

// Where this process itself reaches its ring.
std::string LocalAddress(const WorkerOptions& options, int port) {
  const std::string host = HostOf(options.server.listen_address);
  return absl::StrCat(MeansAnyInterface(host) ? "127.0.0.1" : host, ":", port);
}

// `member` as the one through which this worker is to be reached.
RelayPeer AsRelay(const v1::Member& member, LinkProber* prober) {
  RelayPeer peer{member.worker(), prober->AddressOf(member), {}};
  for (const std::string& address : AddressesOf(member)) peer.hosts.push_back(HostOf(address));
  return peer;
}

// Asks the coordinator to take this worker out of service, and waits until it has no assignment any
// more.
void Drain(v1::WorkerService::StubInterface* stub, const std::string& name,
           const DesiredState& desired) {
  const absl::Time deadline = absl::Now() + kDrainTime;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(2)));
  v1::DrainWorkerRequest request;
  request.set_name(name);
  v1::Worker answer;
  const grpc::Status status = stub->DrainWorker(&context, request, &answer);
  if (!status.ok())
    return LogWarning("leaves without being drained", {{"reason", status.error_message()}});
  Wakeup never;
  while (desired.Get().has_value() && !desired.shut_down() && absl::Now() < deadline)
    never.WaitFor(kPoll);
}

}  // namespace

absl::Status RunWorker(const WorkerOptions& options, const Termination& termination) {
  const std::string incarnation = RandomIncarnation();
  RingEndpoint endpoint(kJoinTimeout, incarnation);
  RelayServiceImpl relay_service(HostOf(options.server.listen_address));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Server> server,
      Server::Start(options.server, {&relay_service},
                    [&](grpc::ServerBuilder& builder) { endpoint.Register(&builder); }));
  endpoint.Serve();
  const absl::Cleanup stop = [&] {
    server->Shutdown(absl::ZeroDuration());
    endpoint.Stop();
  };
  ASSIGN_OR_RETURN(const std::vector<std::string> addresses,
                   RingAddresses(options, server->port()));
  const v1::WorkerHello hello = Hello(options, incarnation, addresses);
  LogInfo("serving", {{"name", hello.name()},
                      {"ring_addresses", absl::StrJoin(addresses, ",")},
                      {"http_port", server->http_port()},
                      {"device", hello.capacity().device()},
                      {"kernel", BestTileKernel().name},
                      {"threads", hello.capacity().threads()}});

  const std::shared_ptr<grpc::Channel> channel = DialChannel(options.coordinator);
  const std::unique_ptr<RegistryClient> registry = RegistryClient::Connect(options.registry);
  InputCache cache(options.cache, registry.get());
  DesiredState desired;
  Wakeup bell;
  ReportBoard board([&] { bell.Ring(); });
  LinkProber prober(&board);
  RelayClient relay({hello.name(), LocalAddress(options, server->port()),
                     [&](const auto& addresses) { board.SetRelayAddresses(addresses); }});
  CoordinatorLinkOptions link_options;
  link_options.hello = hello;
  link_options.follow_links = [&](const v1::AttachResponse& answer) {
    if (answer.has_link_to_measure()) prober.Want(answer.link_to_measure());
    if (answer.has_relay()) relay.Want(AsRelay(answer.relay(), &prober));
  };
  CoordinatorLink link(link_options, v1::WorkerService::NewStub(channel), &board, &desired, &bell,
                       Clock::Real());
  Checkpointer checkpointer(
      registry.get(), [&] { return link.HoldsLease(); },
      [&](const std::string& version, int64_t step) {
        board.Update([&](v1::WorkerReport& report) {
          report.set_checkpoint_version(version);
          report.set_checkpoint_step(step);
        });
      });
  std::thread worker([&] {
    pthread_setname_np(pthread_self(), "trainer");
    SetThreads(Threads(options));
    Agent({registry.get(), &cache, &endpoint, &desired, &board, &checkpointer, &prober,
           [&] { return link.HoldsLease(); }, Clock::Real()})
        .Run();
  });
  server->SetReady(true);
  while (!termination.WaitFor(kPoll) && !desired.shut_down()) {
  }
  server->SetReady(false);
  const bool evicted = desired.shut_down();
  if (!evicted) Drain(v1::WorkerService::NewStub(channel).get(), hello.name(), desired);
  desired.Shutdown();
  registry->Cancel();
  worker.join();
  server->Shutdown(absl::Seconds(1));
  return evicted ? absl::AbortedError(absl::StrCat("the coordinator refuses ", hello.name()))
                 : absl::OkStatus();
}

}  // namespace ropewalk
