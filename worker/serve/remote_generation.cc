#include "worker/serve/remote_generation.h"

#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ropewalk/v1/generation_service.grpc.pb.h"
#include "services/common/call_monitor.h"
#include "services/common/channel.h"

namespace ropewalk {
namespace {

// A busy server may let a text wait.
constexpr absl::Duration kLongestSilence = absl::Minutes(5);

v1::GenerateRequest RequestOf(const std::string& adapter, const TextOptions& options) {
  v1::GenerateRequest request;
  request.set_prompt(options.prompt);
  request.set_adapter(adapter);
  request.set_max_new_tokens(static_cast<int32_t>(options.max_new_tokens));
  for (const std::string& stop : options.stop) request.add_stop(stop);
  v1::Sampling* sampling = request.mutable_sampling();
  sampling->set_temperature(options.sampling.temperature);
  sampling->set_top_k(options.sampling.top_k);
  sampling->set_top_p(options.sampling.top_p);
  sampling->set_min_p(options.sampling.min_p);
  sampling->set_repetition_penalty(options.sampling.repetition_penalty);
  sampling->set_seed(options.sampling.seed);
  return request;
}

}  // namespace

absl::Status GenerateRemotely(const std::string& server, const std::string& adapter,
                              const TextOptions& options,
                              const std::function<bool(absl::string_view)>& on_text) {
  const auto stub = v1::GenerationService::NewStub(DialChannel(server));
  CallMonitor monitor(kLongestSilence);
  CallMonitor::Call call(&monitor);
  const auto reader = stub->Generate(call.context(), RequestOf(adapter, options));
  v1::GenerateResponse response;
  bool wanted = true;
  while (wanted && reader->Read(&response)) {
    call.Progress();
    wanted = on_text(response.text());
  }
  if (!wanted) call.context()->TryCancel();
  const absl::Status status = call.Finish(reader->Finish());
  if (!wanted) return absl::OkStatus();
  if (!absl::IsUnavailable(status)) return status;
  return absl::UnavailableError(absl::StrCat(
      "no text from ", server, ": ", status.message(),
      "; start a server with `ropewalk-worker serve`, or name one with --server HOST:PORT"));
}

}  // namespace ropewalk
