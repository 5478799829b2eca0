#include "retrieval/int8_vector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace cortex::retrieval {
namespace {

TEST(Int8Vector, EveryWayOfComputingGivesTheSameProduct) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> number(-128, 127);
  for (const std::size_t size : {0U, 1U, 7U, 15U, 16U, 31U, 32U, 33U, 100U, 256U, 4096U}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::int8_t> a(size), b(size);
      for (std::size_t i = 0; i < size; ++i) {
        a[i] = static_cast<std::int8_t>(round == 0 ? -128 : number(random));
        b[i] = static_cast<std::int8_t>(round == 0 ? -128 : number(random));
      }
      std::int64_t exact = 0;
      for (std::size_t i = 0; i < size; ++i) exact += std::int64_t{a[i]} * std::int64_t{b[i]};
      for (const DotPath& path : dot_paths()) {
        EXPECT_EQ(path.run(a.data(), b.data(), size), exact) << path.name << " " << size;
      }
      EXPECT_EQ(dot(a.data(), b.data(), size), exact);
    }
  }
  EXPECT_EQ(dot_paths().front().name, "scalar");
}

TEST(Int8Vector, ProductsOfVectorsAreTheirCosine) {
  std::mt19937 random(5);
  std::normal_distribution<float> number;
  for (int round = 0; round < 50; ++round) {
    std::vector<float> a(100), b(100);
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = number(random);
      b[i] = a[i] + number(random);
      ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
      bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    }
    const auto x = quantise(a), y = quantise(b);
    ASSERT_TRUE(x && y);
    const auto product = static_cast<float>(dot(x->values.data(), y->values.data(), 100));
    EXPECT_NEAR(product * x->scale * y->scale, ab / std::sqrt(aa * bb), 0.01);
  }
}

TEST(Int8Vector, WhatHasNoDirectionIsNoVector) {
  EXPECT_FALSE(quantise(std::vector<float>{}));
  EXPECT_FALSE(quantise(std::vector<float>{0, 0}));
  EXPECT_FALSE(quantise(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}));
  EXPECT_FALSE(quantise(std::vector<float>{std::numeric_limits<float>::infinity()}));
  const auto large = quantise(std::vector<float>{std::numeric_limits<float>::max(), 0});
  ASSERT_TRUE(large);
  EXPECT_EQ(large->values[0], 127);
}

}  // namespace
}  // namespace cortex::retrieval
