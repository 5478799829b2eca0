#include "retrieval/document_feed.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::retrieval {
namespace {

struct Said {
  std::string session, payload;
};

Said said(std::int64_t n) {
  std::string text = cat("turn ", n, " speaks of ");
  for (std::int64_t i = 0; i < n % 40; ++i) text += cat("word", n * i % 997, " ");
  if (n % 700 == 0) text.append(1U << 20, 'x');  // a batch by itself
  return {cat("s", n % 7), cat("{\"text\":\"", text, "\"}")};
}

EventRow row_of(std::int64_t n, const Said& said) {
  return {n,
          "2026-01-01T00:00:00+00:00",
          "{\"type\":\"tool\",\"name\":\"git\"}",
          said.session,
          "",
          "cortex.event.tool_result.v1",
          said.payload};
}

Status feed(std::int64_t rows, const DocumentFeed::Put& put) {
  DocumentMaker maker;
  DocumentFeed documents(maker, put);
  for (std::int64_t n = 1; n <= rows; ++n) {
    const Said one = said(n);  // gone before its document is made
    CORTEX_TRY(documents.add(row_of(n, one)));
  }
  return documents.finish();
}

TEST(DocumentFeed, DocumentsAreThoseOfTheRows_InTheirOrder) {
  for (const std::int64_t rows : {0, 1, 511, 512, 513, 1024, 3000}) {
    DocumentMaker maker;
    std::int64_t n = 0;
    const auto put = [&](const Document& document) -> Status {
      const Said one = said(++n);
      const Document& expected = maker.make(row_of(n, one));
      EXPECT_EQ(document.ref, n);
      EXPECT_EQ(document.session, expected.session);
      EXPECT_EQ(document.source, expected.source);
      EXPECT_EQ(document.length, expected.length);
      EXPECT_EQ(write_forward(document.length, document.terms),
                write_forward(expected.length, expected.terms));
      return {};
    };
    ASSERT_TRUE(feed(rows, put).ok());
    EXPECT_EQ(n, rows);
  }
}

// Large rows that come at another place of their batch each time.
TEST(DocumentFeed, LargeRowsGiveTheirMemoryBack) {
  std::string words;
  for (int i = 0; i < 4000; ++i) words += cat("word", i, " ");
  DocumentMaker maker;
  std::size_t put = 0;
  DocumentFeed documents(maker, [&put](const Document&) -> Status {
    ++put;
    return {};
  });
  std::size_t added = 0;
  for (std::int64_t n = 0; n < 48; ++n) {
    for (std::int64_t i = 0; i < n; ++i, ++added) {
      ASSERT_TRUE(documents.add(row_of(n, {"s", R"({"text":"small"})"})).ok());
    }
    const Said large{std::string(1000, 's'), cat("{\"text\":\"", words, "\",\"more\":\"",
                                                 std::string(1U << 18, 'x'), "\"}")};
    ASSERT_TRUE(documents.add(row_of(n, large)).ok());
    ++added;
  }
  ASSERT_TRUE(documents.finish().ok());
  EXPECT_EQ(put, added);
  EXPECT_LT(documents.kept_bytes(), 2U << 20);
}

TEST(DocumentFeed, AnErrorEndsIt) {
  std::int64_t n = 0;
  const auto put = [&n](const Document&) -> Status {
    if (++n < 700) return {};
    return make_error(Code::kInternal, "the device is full");
  };
  const Status fed = feed(5000, put);
  ASSERT_FALSE(fed.ok());
  EXPECT_EQ(fed.error().message, "the device is full");
  EXPECT_EQ(n, 700);
}

}  // namespace
}  // namespace cortex::retrieval
