#include "services/client/registry_reference.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

TEST(RegistryReference, ReadsWhatPeopleWrite) {
  EXPECT_EQ(ParseReference("demo/dates")->repository, "demo/dates");
  EXPECT_EQ(ParseReference("demo/dates:stable")->tag, "stable");
  EXPECT_EQ(ParseReference("demo/dates@3f2a91")->version, "3f2a91");
  EXPECT_EQ(ParseReference("adapters/demo/dates:stable")->repository, "adapters/demo/dates");
}

TEST(RegistryReference, ReadsWhatTheRegistryPrints) {
  const std::string version(64, 'a');
  const auto reference = ParseReference("adapters/demo/dates/versions/" + version);
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_EQ(reference->repository, "adapters/demo/dates");
  EXPECT_EQ(reference->version, version);
  EXPECT_TRUE(reference->has_kind());
}

TEST(RegistryReference, RefusesTheRest) {
  for (const char* text : {"", "dates", "a/b/c/d", "demo/..", "de mo/dates",
                           "demo/dates:", "demo/dates@xyz", "demo/dates@3f2", "demo/dates:a:b"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseReference(text).status())) << text;
  }
}

TEST(RegistryReference, MakesPartsOfFileNames) {
  EXPECT_EQ(AsNamePart("tiny-base"), "tiny-base");
  EXPECT_EQ(AsNamePart("My Model (v2)"), "my-model--v2-");
  EXPECT_EQ(AsNamePart("..hidden..x"), "hidden.x");
  EXPECT_EQ(AsNamePart("日本"), "unnamed");
  EXPECT_EQ(AsNamePart(std::string(100, 'a')).size(), 63u);
}

TEST(RegistryReference, TakesVersionNamesApart) {
  const std::string name = "adapters/demo/dates/versions/0123456789abcdef";
  EXPECT_EQ(RepositoryOf(name), "adapters/demo/dates");
  EXPECT_EQ(ShortVersion(name), "0123456789ab");
}

}  // namespace
}  // namespace ropewalk
