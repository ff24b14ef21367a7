#include "worker/serve/generation_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/channel.h"
#include "services/common/grpc_status.h"
#include "services/common/server.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/serve/remote_generation.h"
#include "worker/tensor/philox.h"
#include "worker/tokenizer/testing/byte_tokenizer.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kConfig[] = R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 16, "intermediate_size": 24,
  "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 1024,
  "rms_norm_eps": 1e-05, "vocab_size": 257, "eos_token_id": 256, "hidden_act": "silu"})";

std::map<std::string, std::string> BaseFiles() {
  const ModelConfig config = ParseModelConfig(kConfig, "config.json").value();
  return {{"config.json", kConfig},
          {"model.safetensors", testing::TinySafetensors(config, testing::TinyWeights(config))}};
}

std::map<std::string, std::string> AdapterFiles(uint64_t seed) {
  const auto places = LinearPlaces(ParseModelConfig(kConfig, "config.json").value());
  LoraConfig lora{.rank = 4, .alpha = 8};
  for (size_t i = 0; i < places.size(); ++i) lora.places.push_back(i);
  std::vector<float> parameters(LoraLayout(places, lora).size);
  FillNormal(seed, 0, 0.3f, parameters.data(), parameters.size());
  return WritePeftFolder(places, lora, parameters, "base");
}

struct Answer {
  std::string text;
  int messages = 0;
  v1::GenerateResponse last;
  grpc::Status status;
};

// A server of a tiny model with two adapters, and a client of it.
class GenerationServiceTest : public ::testing::Test {
 protected:
  GenerationServiceTest()
      : base_(BaseFiles()),
        one_(AdapterFiles(1)),
        two_(AdapterFiles(2)),
        tokenizer_(MakeByteTokenizer()),
        model_(InferenceModel::Open(base_.path(), {{"one", one_.path()}, {"two", two_.path()}},
                                    MatMulPrecision::kFull)
                   .value()),
        scheduler_(std::in_place, model_->NewDecoder(), GenerationLimits{}),
        service_({model_.get(), tokenizer_.get(), {256}, "tiny", &*scheduler_}),
        server_(Server::Start({}, {&service_}).value()),
        address_(absl::StrCat("127.0.0.1:", server_->port())),
        stub_(v1::GenerationService::NewStub(DialChannel(address_))) {}

  static v1::GenerateRequest Request(const std::string& prompt, const std::string& adapter) {
    v1::GenerateRequest request;
    request.set_prompt(prompt);
    request.set_adapter(adapter);
    request.set_max_new_tokens(12);
    request.mutable_sampling()->set_temperature(0.8);
    request.mutable_sampling()->set_top_k(50);
    return request;
  }

  Answer Generate(const v1::GenerateRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    Answer answer;
    const auto reader = stub_->Generate(&context, request);
    while (reader->Read(&answer.last)) {
      answer.text += answer.last.text();
      ++answer.messages;
    }
    answer.status = reader->Finish();
    return answer;
  }

  const testing::TemporaryFolder base_, one_, two_;
  const std::unique_ptr<Tokenizer> tokenizer_;
  const std::unique_ptr<InferenceModel> model_;
  std::optional<GenerationScheduler> scheduler_;
  GenerationServiceImpl service_;
  const std::unique_ptr<Server> server_;
  const std::string address_;
  const std::unique_ptr<v1::GenerationService::Stub> stub_;
};

TEST_F(GenerationServiceTest, StreamsATextToItsEnd) {
  const Answer answer = Generate(Request("once", ""));
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_FALSE(answer.text.empty());
  EXPECT_EQ(answer.last.prompt_tokens(), 4);
  EXPECT_EQ(answer.last.new_tokens(), 12);
  EXPECT_EQ(answer.last.finish_reason(), v1::FINISH_REASON_LENGTH);
}

TEST_F(GenerationServiceTest, ServesAdaptersSideBySide) {
  std::vector<std::string> alone;
  for (const char* adapter : {"", "one", "two"}) {
    alone.push_back(Generate(Request("once", adapter)).text);
  }
  EXPECT_NE(alone[0], alone[1]);
  EXPECT_NE(alone[1], alone[2]);
  std::vector<grpc::ClientContext> contexts(9);
  std::vector<std::unique_ptr<grpc::ClientReader<v1::GenerateResponse>>> readers;
  const std::vector<std::string> names = {"", "one", "two"};
  for (size_t i = 0; i < contexts.size(); ++i) {
    readers.push_back(stub_->Generate(&contexts[i], Request("once", names[i % 3])));
  }
  for (size_t i = 0; i < readers.size(); ++i) {
    std::string text;
    v1::GenerateResponse response;
    while (readers[i]->Read(&response)) text += response.text();
    EXPECT_TRUE(readers[i]->Finish().ok());
    EXPECT_EQ(text, alone[i % 3]) << i;
  }
}

TEST_F(GenerationServiceTest, StopsBeforeAStopString) {
  const std::string whole = Generate(Request("once", "one")).text;
  ASSERT_GT(whole.size(), 6u);
  v1::GenerateRequest request = Request("once", "one");
  request.add_stop(whole.substr(whole.size() - 3));
  const Answer answer = Generate(request);
  EXPECT_EQ(answer.text, whole.substr(0, whole.find(request.stop(0))));
  EXPECT_EQ(answer.last.finish_reason(), v1::FINISH_REASON_STOP);
}

TEST_F(GenerationServiceTest, ACancelledCallFreesItsPlace) {
  v1::GenerateRequest request = Request("once", "");
  request.set_max_new_tokens(1000);
  grpc::ClientContext context;
  const auto reader = stub_->Generate(&context, request);
  v1::GenerateResponse response;
  ASSERT_TRUE(reader->Read(&response));
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Generate(Request("twice", "")).status.ok());
}

TEST_F(GenerationServiceTest, ADeadlineEndsACall) {
  v1::GenerateRequest request = Request("once", "");
  request.set_max_new_tokens(1000);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(5));
  const auto reader = stub_->Generate(&context, request);
  v1::GenerateResponse response;
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(GenerationServiceTest, RefusesWhatItCannotServe) {
  const auto code_of = [&](auto change) {
    v1::GenerateRequest request = Request("once", "");
    change(request);
    return Generate(request).status.error_code();
  };
  using R = v1::GenerateRequest&;
  const auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  EXPECT_EQ(code_of([](R r) { r.set_prompt(""); }), kInvalid);
  EXPECT_EQ(code_of([](R r) { r.set_prompt(std::string(2000, 'x')); }), kInvalid);
  EXPECT_EQ(code_of([](R r) { r.set_max_new_tokens(0); }), kInvalid);
  EXPECT_EQ(code_of([](R r) { r.add_stop(""); }), kInvalid);
  EXPECT_EQ(code_of([](R r) { r.mutable_sampling()->set_top_p(1.5); }), kInvalid);
  const grpc::Status unknown = Generate(Request("once", "three")).status;
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(unknown.error_message(), HasSubstr("one, two"));
}

TEST_F(GenerationServiceTest, SaysWhatIsServed) {
  grpc::ClientContext context;
  v1::ServedModel served;
  ASSERT_TRUE(stub_->GetServedModel(&context, {}, &served).ok());
  EXPECT_EQ(served.base(), "tiny");
  EXPECT_THAT(served.adapters(), ElementsAre("one", "two"));
  EXPECT_EQ(served.max_positions(), 1024);
}

TEST_F(GenerationServiceTest, TheCommandsClientGetsTheSameText) {
  const v1::GenerateRequest request = Request("once", "two");
  TextOptions options{.prompt = "once", .max_new_tokens = 12};
  options.sampling = {.temperature = 0.8, .top_k = 50};
  std::string text;
  const absl::Status status =
      GenerateRemotely(address_, "two", options, [&](absl::string_view piece) {
        text.append(piece.data(), piece.size());
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(text, Generate(request).text);
}

}  // namespace
}  // namespace ropewalk
