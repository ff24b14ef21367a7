#include "services/common/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/common/sha256.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using Files = google::protobuf::RepeatedPtrField<v1::File>;

void Add(Files* files, const std::string& path, const std::string& bytes) {
  v1::File* file = files->Add();
  file->set_path(path);
  file->set_digest(Sha256Hex(bytes));
  file->set_size_bytes(bytes.size());
}

TEST(Manifest, HasALinePerFileInOrder) {
  Files files;
  Add(&files, "b", "two");
  Add(&files, "a", "");
  const std::string expected = Sha256Hex("") + " 0 a\n" + Sha256Hex("two") + " 3 b\n";
  EXPECT_EQ(CanonicalManifest(files), expected);
  EXPECT_EQ(VersionId(files), Sha256Hex(expected));
}

TEST(Manifest, IdDoesNotDependOnTheOrder) {
  Files files, reversed;
  Add(&files, "a", "1");
  Add(&files, "b", "2");
  Add(&reversed, "b", "2");
  Add(&reversed, "a", "1");
  EXPECT_EQ(VersionId(files), VersionId(reversed));
}

TEST(Manifest, IdDependsOnPathsAndBytes) {
  Files files, renamed, changed;
  Add(&files, "a", "1");
  Add(&renamed, "b", "1");
  Add(&changed, "a", "2");
  EXPECT_NE(VersionId(files), VersionId(renamed));
  EXPECT_NE(VersionId(files), VersionId(changed));
}

TEST(Manifest, RefusesWhatCannotBeAFolder) {
  EXPECT_TRUE(absl::IsInvalidArgument(ValidateManifest(Files())));
  Files twice;
  Add(&twice, "a", "1");
  Add(&twice, "a", "2");
  EXPECT_THAT(ValidateManifest(twice).message(), HasSubstr("'a' comes twice"));
  Files nested;
  Add(&nested, "a/b/c", "1");
  Add(&nested, "a/b", "2");
  EXPECT_THAT(ValidateManifest(nested).message(), HasSubstr("'a/b' is a file and the folder"));
  Files outside;
  Add(&outside, "../a", "1");
  EXPECT_TRUE(absl::IsInvalidArgument(ValidateManifest(outside)));
}

TEST(Manifest, RefusesBadDigestsAndSizes) {
  Files files;
  Add(&files, "a", "1");
  EXPECT_TRUE(ValidateManifest(files).ok());
  files[0].set_size_bytes(-1);
  EXPECT_TRUE(absl::IsInvalidArgument(ValidateManifest(files)));
  files[0].set_size_bytes(1);
  files[0].set_digest("abc");
  EXPECT_TRUE(absl::IsInvalidArgument(ValidateManifest(files)));
}

std::string Deep(int parts, const std::string& name) {
  std::string path;
  for (int i = 1; i < parts; ++i) path += "d/";
  return path + name;
}

TEST(Manifest, LimitsFolders) {
  Files deep;
  Add(&deep, Deep(64, "a"), "1");
  EXPECT_TRUE(ValidateManifest(deep).ok());
  Add(&deep, Deep(65, "b"), "1");
  EXPECT_THAT(ValidateManifest(deep).message(), HasSubstr("more than 64 parts"));
  Files many;
  for (int i = 0; i < 1600; ++i) Add(&many, std::to_string(i) + "/" + Deep(62, "a"), "1");
  EXPECT_TRUE(ValidateManifest(many).ok());
  for (int i = 1600; i < 1700; ++i) Add(&many, std::to_string(i) + "/" + Deep(62, "a"), "1");
  EXPECT_THAT(ValidateManifest(many).message(), HasSubstr("105400 folders"));
}

TEST(Manifest, CountsAFolderOnce) {
  Files files;
  for (int i = 0; i < 2000; ++i) Add(&files, Deep(64, std::to_string(i)), "1");
  EXPECT_TRUE(ValidateManifest(files).ok());
}

TEST(Manifest, LimitsFiles) {
  Files files;
  for (int i = 0; i <= 100'000; ++i) files.Add()->set_path(std::to_string(i));
  EXPECT_THAT(ValidateManifest(files).message(), HasSubstr("a version may have 100000"));
}

}  // namespace
}  // namespace ropewalk
