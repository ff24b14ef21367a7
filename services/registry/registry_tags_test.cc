#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/registry/registry_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kStable[] = "models/org/tiny/tags/stable";

class TagsTest : public RegistryFixture {
 protected:
  TagsTest() {
    old_ = Publish("models/org/tiny", "1").name();
    young_ = Publish("models/org/tiny", "2").name();
  }

  std::string old_;
  std::string young_;
};

TEST_F(TagsTest, MoveWhenUnprotected) {
  EXPECT_EQ(SetTag(kStable, old_)->version(), old_);
  EXPECT_EQ(SetTag(kStable, "models/org/tiny")->version(), young_);
  EXPECT_THAT(Get(young_)->tags(), ElementsAre("latest", "stable"));
  EXPECT_TRUE(DeleteTag(kStable).ok());
  EXPECT_TRUE(absl::IsNotFound(DeleteTag(kStable)));
}

TEST_F(TagsTest, StayWhenProtected) {
  ASSERT_TRUE(SetTag(kStable, old_, /*is_protected=*/true).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(SetTag(kStable, young_, true).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(SetTag(kStable, old_, false).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(DeleteTag(kStable)));
  EXPECT_TRUE(SetTag(kStable, old_, true).ok());
  EXPECT_EQ(Get(kStable)->name(), old_);
}

TEST_F(TagsTest, MoveByForce) {
  ASSERT_TRUE(SetTag(kStable, old_, true).ok());
  EXPECT_TRUE(SetTag(kStable, young_, true, /*force=*/true).ok());
  EXPECT_EQ(Get(kStable)->name(), young_);
  EXPECT_TRUE(SetTag(kStable, young_, false, /*force=*/true).ok());
  EXPECT_TRUE(DeleteTag(kStable).ok());
}

TEST_F(TagsTest, StayForGoodWhenImmutable) {
  v1::SetTagRequest request;
  request.set_name(kStable);
  request.set_version(old_);
  request.set_immutable(true);
  for (int time = 0; time < 2; ++time) {
    const auto tag = registry_->SetTag(request);
    ASSERT_TRUE(tag.ok()) << tag.status();
    EXPECT_TRUE(tag->immutable() && tag->protected_());
  }
  EXPECT_TRUE(SetTag(kStable, old_, /*is_protected=*/true, /*force=*/true)->immutable());
  for (const absl::Status& status :
       {SetTag(kStable, young_, true, /*force=*/true).status(),
        SetTag(kStable, old_, false, /*force=*/true).status(), DeleteTag(kStable), Delete(old_)}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(registry_->DeleteRepository("models/org/tiny")));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(registry_->MoveRepository("models/org/tiny", "models/org/new")));
  EXPECT_EQ(Get(kStable)->name(), old_);
}

TEST_F(TagsTest, ABranchCannotBeImmutable) {
  ASSERT_TRUE(registry_->AddTag("models/org/tiny", "dev", old_, /*branch=*/true).ok());
  for (const char* const name : {"models/org/tiny/tags/dev", "models/org/tiny/tags/latest"}) {
    v1::SetTagRequest request;
    request.set_name(name);
    request.set_version(young_);
    request.set_immutable(true);
    EXPECT_TRUE(absl::IsInvalidArgument(registry_->SetTag(request).status())) << name;
  }
}

TEST_F(TagsTest, ProtectedOnesRefuseANewVersion) {
  ASSERT_TRUE(SetTag(kStable, old_, true).ok());
  v1::CreateVersionRequest request = Request("models/org/tiny", "3");
  request.add_tags("stable");
  const absl::Status status = registry_->CreateVersion(request).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr(kStable));
  EXPECT_EQ(Get("models/org/tiny")->name(), young_);
}

TEST_F(TagsTest, AProtectedLatestStaysAndPublishingGoesOn) {
  ASSERT_TRUE(SetTag("models/org/tiny/tags/latest", young_, true).ok());
  const v1::Version third = Publish("models/org/tiny", "3");
  EXPECT_TRUE(third.tags().empty());
  EXPECT_EQ(Get("models/org/tiny")->name(), young_);
}

TEST_F(TagsTest, NeedAVersionOfTheirRepository) {
  EXPECT_TRUE(absl::IsNotFound(SetTag(kStable, "models/org/tiny/tags/none").status()));
  Publish("models/org/other", "1");
  EXPECT_TRUE(absl::IsInvalidArgument(SetTag(kStable, "models/org/other").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(SetTag("models/org/tiny", old_).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(SetTag("models/org/tiny/tags/../x", old_).status()));
}

TEST_F(TagsTest, GoWithTheirVersion) {
  ASSERT_TRUE(SetTag(kStable, young_).ok());
  ASSERT_TRUE(Delete(young_).ok());
  EXPECT_TRUE(absl::IsNotFound(Get(kStable).status()));
  EXPECT_TRUE(absl::IsNotFound(Get("models/org/tiny").status()));
  EXPECT_TRUE(Get(old_).ok());
  EXPECT_TRUE(absl::IsNotFound(Delete(young_)));
}

TEST_F(TagsTest, KeepTheirVersionWhenProtected) {
  ASSERT_TRUE(SetTag(kStable, old_, true).ok());
  const absl::Status status = Delete(old_);
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr(kStable));
  EXPECT_TRUE(Get(old_).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Delete(kStable)));
}

}  // namespace
}  // namespace ropewalk
