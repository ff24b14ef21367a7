#include "services/registry/xet/xorb_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/common/sha256.h"

namespace ropewalk {

bool operator==(const BlobStretch& a, const BlobStretch& b) {
  return a.digest == b.digest && a.offset == b.offset && a.length == b.length;
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string& A() {
  static const auto* const digest = new std::string(Sha256Hex("a"));
  return *digest;
}
const std::string& B() {
  static const auto* const digest = new std::string(Sha256Hex("b"));
  return *digest;
}

// Four chunks of 10, 20, 30 and 40 bytes.
XorbPlaces Four(std::vector<ChunkPlace> places) { return {{10, 30, 60, 100}, std::move(places)}; }

TEST(XorbPlaces, FindsChunksWithinAPlace) {
  const XorbPlaces places = Four({{1, 4, A(), 500}});
  EXPECT_THAT(places.Find(1, 4), ElementsAre(BlobStretch{A(), 500, 90}));
  EXPECT_THAT(places.Find(2, 3), ElementsAre(BlobStretch{A(), 520, 30}));
  EXPECT_THAT(places.Find(0, 1), IsEmpty());
  EXPECT_FALSE(places.Complete());
}

TEST(XorbPlaces, PutsPlacesTogether) {
  const XorbPlaces places = Four({{2, 4, B(), 7}, {0, 3, A(), 0}});
  EXPECT_THAT(places.Find(0, 4), ElementsAre(BlobStretch{A(), 0, 60}, BlobStretch{B(), 37, 40}));
  EXPECT_TRUE(places.Complete());
}

TEST(XorbPlaces, DoesNotFindWhatIsNotThere) {
  EXPECT_THAT(Four({{0, 2, A(), 0}, {3, 4, A(), 60}}).Find(0, 4), IsEmpty());
  EXPECT_THAT(Four({{0, 4, A(), 0}}).Find(0, 5), IsEmpty());
  EXPECT_FALSE(XorbPlaces().Complete());
}

TEST(XorbPlaces, SurvivesTheDisk) {
  const XorbPlaces places = Four({{2, 4, B(), int64_t{1} << 40}, {0, 3, A(), 0}});
  const absl::StatusOr<XorbPlaces> read = ParseXorbPlaces(FormatXorbPlaces(places));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->ends, places.ends);
  EXPECT_EQ(read->Find(0, 4), places.Find(0, 4));
}

TEST(XorbPlaces, DamagedIsRefused) {
  for (const char* const text :
       {"", "{}", "[]", "\0\0", R"({"ends":[1]})", R"({"ends":[2,1],"places":[]})",
        R"({"ends":[1],"places":[{"begin":0,"end":2,"blob":"x","offset":0}]})",
        R"({"ends":[1],"places":[{"begin":0,"end":"1","blob":"x","offset":0}]})",
        R"({"ends":[1e40],"places":[]})", R"({"ends":[-1],"places":[]})",
        R"({"ends":[4294967296],"places":[]})", R"({"ends":[1],"places":[5]})"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseXorbPlaces(text).status())) << text;
  }
}

}  // namespace
}  // namespace ropewalk
