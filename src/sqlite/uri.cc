#include "sqlite/uri.h"

namespace cortex::sqlite {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
         c == '-' || c == '_' || c == '.' || c == '~';
}

}  // namespace

std::string file_uri(std::string_view path, std::string_view query) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  // An absolute path needs the empty authority, or "//x/y" would name the host x. A relative one
  // gets "./", or ":memory:" would mean a database in memory.
  std::string uri = path.starts_with('/') ? "file://" : "file:./";
  for (const char c : path) {
    if (is_plain(c)) {
      uri.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    uri.push_back('%');
    uri.push_back(kHex[byte >> 4U]);
    uri.push_back(kHex[byte & 0xfU]);
  }
  if (!query.empty()) {
    uri.push_back('?');
    uri.append(query);
  }
  return uri;
}

}  // namespace cortex::sqlite
