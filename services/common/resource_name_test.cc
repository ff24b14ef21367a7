#include "services/common/resource_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

const std::string kDigest(64, 'a');

TEST(ResourceName, NamesARepositoryAVersionOrATag) {
  EXPECT_EQ(ParseResourceName("models/org/tiny")->repository, "models/org/tiny");
  EXPECT_EQ(ParseResourceName("adapters/demo/dates/versions/" + kDigest)->version, kDigest);
  EXPECT_EQ(ParseResourceName("adapters/demo/dates/tags/v1.0")->tag, "v1.0");
  EXPECT_EQ(ParseResourceName("datasets/a/b")->kind(), "datasets");
  EXPECT_EQ(ParseResourceName("models/Qwen/Qwen2.5-0.5B")->repository, "models/Qwen/Qwen2.5-0.5B");
}

TEST(ResourceName, WritesWhatItRead) {
  for (const std::string& name : {std::string("models/org/tiny"), "models/o/t/versions/" + kDigest,
                                  std::string("checkpoints/o/t/tags/latest")}) {
    EXPECT_EQ(ParseResourceName(name)->ToString(), name);
  }
}

TEST(ResourceName, RefusesWhatIsNotOne) {
  const std::string long_part(97, 'x');
  for (const std::string& name : {std::string(),
                                  std::string("models"),
                                  std::string("models/a"),
                                  std::string("models/a/b/c"),
                                  std::string("models/a/b/tags"),
                                  std::string("models/a/b/tags/"),
                                  std::string("models/a/b/branches/c"),
                                  std::string("Models/a/b"),
                                  std::string("model/a/b"),
                                  std::string("models//b"),
                                  std::string("models/a/"),
                                  std::string("models/../b"),
                                  std::string("models/a/.."),
                                  std::string("models/a/b..c"),
                                  std::string("models/a/-b"),
                                  std::string("models/a/.b"),
                                  std::string("models/a/b c"),
                                  std::string("models/a/b\n"),
                                  std::string("/models/a/b"),
                                  std::string("models/a/b\0", 11),
                                  "models/a/" + long_part,
                                  std::string("models/a/b/versions/latest"),
                                  "models/a/b/versions/" + std::string(64, 'A'),
                                  "models/a/b/tags/" + kDigest,
                                  "models/a/b/tags/" + std::string(40, 'a')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseResourceName(name).status())) << name;
  }
}

TEST(ResourceName, SaysWhichPartIsWrong) {
  EXPECT_THAT(ParseResourceName("model/a/b").status().message(),
              HasSubstr("did you mean 'models'"));
  EXPECT_THAT(ParseResourceName("models/a/+B").status().message(), HasSubstr("'+B'"));
  EXPECT_THAT(ValidateRepositoryName("models/a/b/tags/c").message(), HasSubstr("\"models/a/b\""));
}

TEST(FilePath, MayBeNestedButNotLeadElsewhere) {
  EXPECT_TRUE(ValidateFilePath("model.safetensors").ok());
  EXPECT_TRUE(ValidateFilePath("a/B c/..d/...").ok());
  for (const std::string& path :
       {std::string(), std::string("/etc/passwd"), std::string("../x"), std::string("a/../b"),
        std::string("a/.."), std::string("./a"), std::string("a//b"), std::string("a/"),
        std::string("a\\b"), std::string("a\nb"), std::string("a\0b", 3), std::string(513, 'a')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ValidateFilePath(path))) << path;
  }
}

}  // namespace
}  // namespace ropewalk
