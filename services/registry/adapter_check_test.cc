#include "services/registry/adapter_check.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "services/registry/registry_fixture.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

constexpr char kQuery[] = "model.layers.0.self_attn.q_proj";

// A whole safetensors file with float32 zeros.
std::string SafetensorsFile(const std::map<std::string, std::vector<int64_t>>& shapes) {
  nlohmann::json header;
  int64_t end = 0;
  for (const auto& [name, shape] : shapes) {
    int64_t bytes = 4;
    for (const int64_t extent : shape) bytes *= extent;
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {end, end + bytes}}};
    end += bytes;
  }
  const std::string text = header.dump();
  std::string file;
  for (int i = 0; i < 8; ++i) file.push_back(static_cast<char>(text.size() >> (8 * i)));
  return file + text + std::string(end, '\0');
}

std::string LoraFile(int64_t rank, int64_t in, int64_t out, const std::string& module = kQuery) {
  const std::string stem = absl::StrCat("base_model.model.", module);
  return SafetensorsFile(
      {{stem + ".lora_A.weight", {rank, in}}, {stem + ".lora_B.weight", {out, rank}}});
}

TEST(SafetensorsHeader, RefusesWhatIsNone) {
  const std::string file = LoraFile(4, 8, 16);
  EXPECT_FALSE(ParseHeaderLength(file.substr(0, 7), 7).ok());
  EXPECT_FALSE(ParseHeaderLength("weights!", 100).ok());
  EXPECT_FALSE(ParseHeaderLength(std::string(7, '\xff') + '\x7f', 100).ok());
  const int64_t length = *ParseHeaderLength(file.substr(0, 8), file.size());
  EXPECT_EQ(ParseSafetensorsHeader(file.substr(8, length), file.size())->size(), 2u);
  EXPECT_FALSE(ParseSafetensorsHeader(file.substr(8, length), file.size() - 1).ok());
  EXPECT_FALSE(ParseSafetensorsHeader(file.substr(8, length - 1), file.size()).ok());
  for (const char* const header :
       {"[]", R"({"a": 1})", R"({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}})",
        R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}})",
        R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}})"}) {
    EXPECT_FALSE(ParseSafetensorsHeader(header, 1000).ok()) << header;
  }
}

TEST(SafetensorsHeader, SaysWhatIsWrong) {
  const auto error = [](const std::string& header) {
    return std::string(ParseSafetensorsHeader(header, 1000).status().message());
  };
  const std::string good = R"({"dtype": "F32", "shape": [1], "data_offsets": [0, 4]})";
  EXPECT_TRUE(ParseSafetensorsHeader(absl::StrCat("{\"a\": ", good, "}  "), 1000).ok());
  EXPECT_THAT(error("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(error(absl::StrCat("{\"a\": ", good)), HasSubstr("not a JSON object"));
  EXPECT_THAT(error(absl::StrCat("{\"a\": ", good, ", \"a\": ", good, "}")),
              HasSubstr("comes twice (a)"));
  EXPECT_THAT(error(R"({"a": {"dtype": "F32", "shape": [1]}})"),
              HasSubstr("has no dtype, shape or data_offsets (a)"));
  EXPECT_THAT(error(absl::StrCat("{\"", std::string(2000, 'n'), "\": ", good, "}")),
              HasSubstr("a name of more than 1024 bytes"));
}

TEST(SafetensorsHeader, PassesOverWhatItDoesNotKnow) {
  const auto tensors = ParseSafetensorsHeader(
      R"({"__metadata__": {"format": "pt", "more": [{"shape": [1]}], "dtype": 1}, "a": {)"
      R"("more": {"dtype": 7, "shape": [[]]}, "shape": [2, 3], "dtype": "F16", "other": [null],)"
      R"("data_offsets": [4, 16]}, "scalar": {"dtype": "I64", "shape": [], "data_offsets": [16, 24]}})",
      1000);
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  ASSERT_EQ(tensors->size(), 2u);
  EXPECT_EQ(tensors->at("a").ShapeText(), "[2, 3]");
  EXPECT_EQ(tensors->at("a").type, "F16");
  EXPECT_EQ(tensors->at("a").begin, 4);
  EXPECT_EQ(tensors->at("a").end, 16);
  EXPECT_EQ(tensors->at("scalar").ShapeText(), "[]");
}

// These became trees of fifty times their size, and ended the process when they were destroyed.
TEST(SafetensorsHeader, RefusesWhatIsHuge) {
  const auto with_shape = [](const std::string& shape) {
    return absl::StrCat(R"({"a": {"dtype": "F32", "data_offsets": [0, 4], "shape": )", shape, "}}");
  };
  const auto repeated = [](const std::string& text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += text;
    return result;
  };
  for (const std::string& header :
       {with_shape("[" + repeated("1,", 64) + "1]"), with_shape(repeated("[", 1'000'000)),
        std::string(1'000'000, '['), repeated("{\"a\":", 200'000),
        absl::StrCat("{\"a\":", repeated("[", 500'000), repeated("]", 500'000), "}")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseSafetensorsHeader(header, 1 << 30).status()));
  }
  EXPECT_TRUE(ParseSafetensorsHeader(with_shape("[" + repeated("1,", 63) + "1]"), 1 << 30).ok());
  const std::string deep =
      absl::StrCat(R"({"__metadata__": )", repeated("[", 1'000'000), repeated("]", 1'000'000), "}");
  EXPECT_TRUE(ParseSafetensorsHeader(deep, 1 << 30).ok());
}

class AdapterCheckTest : public RegistryFixture {
 protected:
  void AddFile(const std::string& path, const std::string& bytes,
               v1::CreateVersionRequest* request) {
    v1::File* const file = request->add_files();
    file->set_path(path);
    file->set_digest(Upload(bytes));
    file->set_size_bytes(bytes.size());
  }

  absl::Status Publish(const nlohmann::json& config, const std::string& weights) {
    v1::CreateVersionRequest request;
    request.set_repository("adapters/alice/sql");
    AddFile("adapter_config.json", config.dump(), &request);
    if (!weights.empty()) AddFile("adapter_model.safetensors", weights, &request);
    return registry_->CreateVersion(request).status();
  }

  void PublishBase(const std::string& name) {
    v1::CreateVersionRequest request;
    request.set_repository(absl::StrCat("models/", name));
    AddFile("model-00001-of-00002.safetensors",
            SafetensorsFile({{absl::StrCat(kQuery, ".weight"), {16, 8}}}), &request);
    AddFile("model-00002-of-00002.safetensors", SafetensorsFile({{"lm_head.weight", {32, 8}}}),
            &request);
    Create(request);
  }

  static nlohmann::json Config(int rank, const std::string& base = "alice/base") {
    return {{"peft_type", "LORA"}, {"r", rank}, {"base_model_name_or_path", base}};
  }
};

TEST_F(AdapterCheckTest, TakesAnAdapterThatFits) {
  PublishBase("alice/base");
  EXPECT_TRUE(Publish(Config(4), LoraFile(4, 8, 16)).ok());
  EXPECT_TRUE(Publish(Config(4), "").ok());
  nlohmann::json config = Config(2);
  config["rank_pattern"] = {{"q_proj", 4}};
  EXPECT_TRUE(Publish(config, LoraFile(4, 8, 16)).ok());
  EXPECT_TRUE(Publish({{"peft_type", "IA3"}}, SafetensorsFile({{"x", {1}}})).ok());
}

TEST_F(AdapterCheckTest, RefusesAConfigurationThatIsNone) {
  for (const nlohmann::json& config :
       {nlohmann::json("x"), nlohmann::json::object(), nlohmann::json{{"peft_type", 1}},
        nlohmann::json{{"peft_type", "LORA"}}, Config(0)}) {
    const absl::Status status = Publish(config, "");
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << config;
    EXPECT_THAT(std::string(status.message()), HasSubstr("adapter_config.json"));
  }
}

TEST_F(AdapterCheckTest, RefusesWeightsThatPeftCouldNotLoad) {
  EXPECT_THAT(std::string(Publish(Config(4), "weights").message()),
              HasSubstr("adapter_model.safetensors: not a whole safetensors file"));
  EXPECT_THAT(std::string(Publish(Config(8), LoraFile(4, 8, 16)).message()),
              HasSubstr("is [4, 8], but adapter_config.json has r 8"));
  const std::string half = SafetensorsFile({{"base_model.model.q.lora_A.weight", {4, 8}}});
  EXPECT_THAT(std::string(Publish(Config(4), half).message()), HasSubstr("is there without"));
  const std::string other = SafetensorsFile({{"base_model.model.q.lora_B.weight", {16, 4}}});
  EXPECT_THAT(std::string(Publish(Config(4), other).message()), HasSubstr("first factor"));
}

TEST_F(AdapterCheckTest, RefusesAnAdapterOfAnotherModel) {
  PublishBase("alice/base");
  EXPECT_THAT(std::string(Publish(Config(4), LoraFile(4, 8, 24)).message()),
              HasSubstr("is for a weight [24, 8], but that of model.layers.0.self_attn.q_proj"));
  EXPECT_THAT(std::string(Publish(Config(4), LoraFile(4, 8, 16, "model.layers.9.mlp")).message()),
              HasSubstr("does not have"));
}

TEST_F(AdapterCheckTest, TellsNothingOfOthersPrivateModels) {
  PublishBase("bob/base");
  EXPECT_TRUE(Publish(Config(4, "bob/base"), LoraFile(4, 8, 24)).ok());
  ASSERT_TRUE(metadata_->SetVisibility("models/bob/base", v1::VISIBILITY_PUBLIC).ok());
  EXPECT_FALSE(Publish(Config(4, "bob/base"), LoraFile(4, 8, 25)).ok());
}

}  // namespace
}  // namespace ropewalk
