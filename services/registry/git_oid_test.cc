#include "services/registry/git_oid.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

// What `git hash-object` and `git mktree` of git 2.39 say.

TEST(GitOid, NamesFilesAsGitDoes) {
  EXPECT_EQ(GitBlobOid(""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  EXPECT_EQ(GitBlobOid("hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
}

TEST(GitOid, NamesFoldersAsGitDoes) {
  EXPECT_EQ(GitTreeOid({}), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  const std::string hello = GitBlobOid("hello\n");
  const std::string folder = GitTreeOid({{"a", hello, false}});
  EXPECT_EQ(folder, "0976950c1fdbcb52435a433913017bf044b3a58f");
  // "a" the folder comes after "a.txt": git orders it as "a/".
  EXPECT_EQ(GitTreeOid({{"a", folder, true}, {"a.txt", hello, false}}),
            "4173e8f65e6b616aad2a11db553bdc3a6ef2e79c");
}

TEST(GitOid, WritesTheLfsPointer) {
  EXPECT_EQ(LfsPointer("abc", 5),
            "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 5\n");
}

TEST(GitOid, IsFortyDigitsInLowerCase) {
  EXPECT_TRUE(IsGitOid("0123456789abcdef0123456789abcdef01234567"));
  EXPECT_FALSE(IsGitOid("0123456789ABCDEF0123456789abcdef01234567"));
  EXPECT_FALSE(IsGitOid("0123456789abcdef0123456789abcdef0123456"));
  EXPECT_FALSE(IsGitOid("g123456789abcdef0123456789abcdef01234567"));
}

}  // namespace
}  // namespace ropewalk
