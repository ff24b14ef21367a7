#include "services/registry/s3/s3_xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// In the form of the examples of https://docs.aws.amazon.com/AmazonS3/latest/API/.

TEST(S3Xml, ReadsAListOfObjects) {
  const auto page = ParseObjects(
      R"(<?xml version="1.0" encoding="UTF-8"?>
      <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name>
      <IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b=</NextContinuationToken>
      <Contents><Key>p/a&lt;b</Key><LastModified>2026-05-01T10:00:00.123Z</LastModified>
      <ETag>&quot;x&quot;</ETag><Size>5000000000</Size></Contents>
      <Contents><Key>p/c</Key><LastModified>2026-05-01T10:00:01Z</LastModified><Size>0</Size>
      </Contents></ListBucketResult>)");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_FALSE(page->last);
  EXPECT_EQ(page->next, "a&b=");
  ASSERT_THAT(page->items, SizeIs(2));
  EXPECT_EQ(page->items[0].key, "p/a<b");
  EXPECT_EQ(page->items[0].size_bytes, 5'000'000'000);
  EXPECT_EQ(absl::ToUnixMillis(page->items[0].modified), 1'777'629'600'123);
}

TEST(S3Xml, ReadsAListOfUploads) {
  const auto page = ParseUploads(
      R"(<ListMultipartUploadsResult><NextKeyMarker>p/a</NextKeyMarker>
      <NextUploadIdMarker>id1</NextUploadIdMarker><IsTruncated>true</IsTruncated>
      <Upload><Key>p/a</Key><UploadId>id1</UploadId><Initiated>2026-05-01T10:00:00Z</Initiated>
      </Upload></ListMultipartUploadsResult>)");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->next, "p/a");
  EXPECT_EQ(page->next_id, "id1");
  ASSERT_THAT(page->items, SizeIs(1));
  EXPECT_EQ(page->items[0].id, "id1");
}

TEST(S3Xml, ReadsAListOfParts) {
  const auto page = ParseParts(
      R"(<ListPartsResult><IsTruncated>false</IsTruncated><Part><PartNumber>1</PartNumber>
      <LastModified>2026-05-01T10:00:00Z</LastModified><Size>16777216</Size></Part>
      </ListPartsResult>)");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(page->last);
  ASSERT_THAT(page->items, SizeIs(1));
  EXPECT_EQ(page->items[0].size_bytes, 16 << 20);
}

TEST(S3Xml, ReadsIdsAndTags) {
  EXPECT_EQ(*ParseUploadId("<InitiateMultipartUploadResult><UploadId>id</UploadId>"
                           "</InitiateMultipartUploadResult>"),
            "id");
  EXPECT_EQ(*ParseCopiedPart("<CopyPartResult><ETag>\"x\"</ETag></CopyPartResult>"), "\"x\"");
}

TEST(S3Xml, WritesWhatCompletesAnUpload) {
  EXPECT_EQ(FormatCompletion({"\"a\"", "b<&"}),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>b&lt;&amp;</ETag></Part>"
            "</CompleteMultipartUpload>");
}

TEST(S3Xml, KnowsErrors) {
  const auto error = ParseS3Error(
      "<Error><Code>PermanentRedirect</Code><Message>m</Message><Region>eu</Region></Error>");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, "PermanentRedirect");
  EXPECT_EQ(error->message, "m");
  EXPECT_EQ(error->region, "eu");
  EXPECT_FALSE(ParseS3Error("").has_value());
  EXPECT_FALSE(ParseS3Error("<html></html>").has_value());
}

TEST(S3Xml, RefusesOtherAnswers) {
  for (const char* const xml :
       {"", "no", "<html/>", "<ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><LastModified>2026-05-01T10:00:00Z</LastModified>"
        "<Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    EXPECT_TRUE(absl::IsInternal(ParseObjects(xml).status())) << xml;
  }
  EXPECT_THAT(ParseUploadId("<html/>").status().message(), HasSubstr("is the endpoint"));
}

}  // namespace
}  // namespace ropewalk
