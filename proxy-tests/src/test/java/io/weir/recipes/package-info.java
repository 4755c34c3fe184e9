/** The examples that are recipes, each against servers that behave as the ones it was written for. */
package io.weir.recipes;
