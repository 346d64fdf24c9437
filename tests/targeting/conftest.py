"""The board of squares, built once a module."""

from tests.targeting import board as drawn_board

board = drawn_board.board
