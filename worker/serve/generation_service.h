#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ropewalk/v1/generation_service.grpc.pb.h"
#include "worker/serve/generation_scheduler.h"
#include "worker/tokenizer/tokenizer.h"
#include "worker/train/inference_model.h"

namespace ropewalk {

// What a GenerationService continues texts with. All must outlive it.
struct GenerationBackend {
  const InferenceModel* model = nullptr;
  const Tokenizer* tokenizer = nullptr;
  std::vector<int32_t> eos;  // tokens that end a text
  std::string base;          // the name to be told
  GenerationScheduler* scheduler = nullptr;
};

// Generation over gRPC. Thread-safe.
class GenerationServiceImpl final : public v1::GenerationService::Service {
 public:
  explicit GenerationServiceImpl(GenerationBackend backend) : backend_(std::move(backend)) {}

  grpc::Status Generate(grpc::ServerContext* context, const v1::GenerateRequest* request,
                        grpc::ServerWriter<v1::GenerateResponse>* writer) override;
  grpc::Status GetServedModel(grpc::ServerContext*, const v1::GetServedModelRequest*,
                              v1::ServedModel* response) override;

 private:
  // Queues the request. Sets the number of the prompt's tokens.
  absl::StatusOr<std::shared_ptr<GenerationStream>> Submit(const v1::GenerateRequest& request,
                                                           int64_t* prompt_tokens) const;

  const GenerationBackend backend_;
};

}  // namespace ropewalk
