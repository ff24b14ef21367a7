#include "services/client/local_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "services/common/files.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LocalFilesTest : public ::testing::Test {
 protected:
  LocalFilesTest()
      : folder_(::testing::TempDir() + "local_files_" +
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    EXPECT_TRUE(RemoveAll(folder_).ok());
    EXPECT_TRUE(MakeFolders(folder_ + "/base/sub").ok());
    spec_.set_base_model(folder_ + "/base");
    spec_.add_train_data(Write("train.jsonl", "{\"text\": \"a\"}\n"));
    Write("base/config.json", "{}");
    Write("base/tokenizer.json", "{}");
    Write("base/model.safetensors", "");
  }
  ~LocalFilesTest() override { EXPECT_TRUE(RemoveAll(folder_).ok()); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

  void ExpectFault(const std::string& text) {
    const absl::Status status = CheckLocalFiles(spec_);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(text));
  }

  const std::string folder_;
  v1::JobSpec spec_;
};

TEST_F(LocalFilesTest, AcceptsAModelFolderAndRows) { EXPECT_TRUE(CheckLocalFiles(spec_).ok()); }

TEST_F(LocalFilesTest, TakesOnlyTheFilesThatMatter) {
  Write("base/README.md", "");
  Write("base/.hidden.json", "");
  Write("base/pytorch_model.bin", "");
  Write("base/sub/config.json", "");
  const auto files = ModelFiles(folder_ + "/base");
  ASSERT_TRUE(files.ok());
  std::vector<std::string> paths;
  for (const SourceFile& file : *files) paths.push_back(file.path);
  EXPECT_THAT(paths, ElementsAre("config.json", "model.safetensors", "tokenizer.json"));
}

TEST_F(LocalFilesTest, WantsWeightsUnlessAllIsTrained) {
  ASSERT_TRUE(RemoveAll(folder_ + "/base/model.safetensors").ok());
  ExpectFault("has no weights (*.safetensors)");
  spec_.mutable_method()->mutable_full();
  EXPECT_TRUE(CheckLocalFiles(spec_).ok());
}

TEST_F(LocalFilesTest, WantsATokenizer) {
  ASSERT_TRUE(RemoveAll(folder_ + "/base/tokenizer.json").ok());
  ExpectFault("has no tokenizer.json");
}

TEST_F(LocalFilesTest, NamesTheFirstMalformedLine) {
  spec_.set_train_data(0, Write("bad.jsonl", "{\"text\": \"a\"}\n\n{\"text\": \n{}\n"));
  ExpectFault("bad.jsonl:3: not a JSON object");
}

TEST_F(LocalFilesTest, RefusesRowsThatAreNotObjects) {
  spec_.set_train_data(0, Write("bad.jsonl", "[1, 2]\n"));
  ExpectFault("bad.jsonl:1: not a JSON object");
}

TEST_F(LocalFilesTest, RefusesAFileWithoutRows) {
  spec_.set_train_data(0, Write("empty.jsonl", "\n\n"));
  ExpectFault("the file has no rows");
}

TEST_F(LocalFilesTest, RefusesWhatIsNeitherThereNorAName) {
  spec_.set_train_data(0, "nowhere/train.jsonl");
  ExpectFault("train_data: 'nowhere/train.jsonl' is not there");
  spec_.set_train_data(0, "train");
  ExpectFault("train_data: 'train' is not there");
}

TEST_F(LocalFilesTest, LeavesNamesToTheRegistry) {
  spec_.set_base_model("org/no-such-folder:stable");
  spec_.set_train_data(0, "local/no-such-file");
  EXPECT_TRUE(CheckLocalFiles(spec_).ok());
}

TEST_F(LocalFilesTest, TellsAFolderFromAFile) {
  spec_.set_train_data(0, folder_);
  ExpectFault("is a folder; name its JSONL files");
  spec_.set_train_data(0, folder_ + "/train.jsonl");
  spec_.set_base_model(folder_ + "/train.jsonl");
  ExpectFault("is a file; give a Hugging Face model folder");
}

}  // namespace
}  // namespace ropewalk
