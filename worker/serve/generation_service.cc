#include "worker/serve/generation_service.h"

#include <utility>

#include "services/common/grpc_status.h"
#include "services/common/status_macros.h"
#include "worker/generate/text_task.h"

namespace ropewalk {
namespace {

// How soon a call notices that its client is gone.
constexpr absl::Duration kPoll = absl::Milliseconds(100);

// What the request leaves out keeps its default.
TextOptions OptionsOf(const v1::GenerateRequest& request) {
  TextOptions options;
  options.prompt = request.prompt();
  options.stop = {request.stop().begin(), request.stop().end()};
  if (request.has_max_new_tokens()) options.max_new_tokens = request.max_new_tokens();
  const v1::Sampling& sampling = request.sampling();
  if (sampling.has_temperature()) options.sampling.temperature = sampling.temperature();
  if (sampling.has_top_k()) options.sampling.top_k = sampling.top_k();
  if (sampling.has_top_p()) options.sampling.top_p = sampling.top_p();
  if (sampling.has_min_p()) options.sampling.min_p = sampling.min_p();
  if (sampling.has_repetition_penalty()) {
    options.sampling.repetition_penalty = sampling.repetition_penalty();
  }
  if (sampling.has_seed()) options.sampling.seed = sampling.seed();
  return options;
}

v1::FinishReason ToProto(FinishReason reason) {
  switch (reason) {
    case FinishReason::kEos:
      return v1::FINISH_REASON_EOS;
    case FinishReason::kLength:
      return v1::FINISH_REASON_LENGTH;
    case FinishReason::kStop:
      return v1::FINISH_REASON_STOP;
  }
  return v1::FINISH_REASON_UNSPECIFIED;
}

// Writes pieces until the text ends. CANCELLED: the client is gone, or its deadline has passed.
absl::Status WritePieces(int64_t prompt_tokens, const grpc::ServerContext& context,
                         GenerationStream* stream,
                         grpc::ServerWriter<v1::GenerateResponse>* writer) {
  v1::GenerateResponse response;
  response.set_prompt_tokens(prompt_tokens);
  while (!context.IsCancelled()) {
    ASSIGN_OR_RETURN(auto piece, stream->Next(kPoll));
    if (!piece.has_value()) continue;
    response.set_text(std::move(piece->text));
    response.set_new_tokens(piece->new_tokens);
    if (piece->finish.has_value()) response.set_finish_reason(ToProto(*piece->finish));
    if (!writer->Write(response)) break;
    if (piece->finish.has_value()) return absl::OkStatus();
  }
  return absl::CancelledError("the text is not wanted any more");
}

}  // namespace

grpc::Status GenerationServiceImpl::Generate(grpc::ServerContext* context,
                                             const v1::GenerateRequest* request,
                                             grpc::ServerWriter<v1::GenerateResponse>* writer) {
  int64_t prompt_tokens = 0;
  const auto stream = Submit(*request, &prompt_tokens);
  if (!stream.ok()) return ToGrpcStatus(stream.status());
  const absl::Status written = WritePieces(prompt_tokens, *context, stream->get(), writer);
  (*stream)->Cancel();
  return ToGrpcStatus(written);
}

grpc::Status GenerationServiceImpl::GetServedModel(grpc::ServerContext*,
                                                   const v1::GetServedModelRequest*,
                                                   v1::ServedModel* response) {
  response->set_base(backend_.base);
  for (const std::string& name : backend_.model->adapters()) response->add_adapters(name);
  response->set_max_positions(backend_.model->config().longest_sequence());
  return grpc::Status::OK;
}

absl::StatusOr<std::shared_ptr<GenerationStream>> GenerationServiceImpl::Submit(
    const v1::GenerateRequest& request, int64_t* prompt_tokens) const {
  TextOptions options = OptionsOf(request);
  ASSIGN_OR_RETURN(options.adapter, backend_.model->AdapterNumber(request.adapter()));
  const auto stream = std::make_shared<GenerationStream>();
  TextReceiver receiver = {
      [stream](absl::string_view text) { return stream->Put(text); },
      [stream](absl::string_view text, FinishReason reason) { stream->End(text, reason); }};
  ASSIGN_OR_RETURN(GenerationTask task, MakeTextTask(*backend_.tokenizer, backend_.eos,
                                                     std::move(options), std::move(receiver)));
  *prompt_tokens = task.prompt.size();
  RETURN_IF_ERROR(backend_.scheduler->Submit(std::move(task), stream));
  return stream;
}

}  // namespace ropewalk
