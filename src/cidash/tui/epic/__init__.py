"""View 6, Epic: tickets beside their proof, and what can be done with them."""
